// SPDX-License-Identifier: Apache-2.0
#include "shared_limits_link.h"

#include <catch2/catch.hpp>

using namespace binnacle;
using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

using Kind = RateLimit::Kind;

RateLimit requests(std::uint64_t amount, std::chrono::seconds per = 60s) { return {Kind::requests, amount, per}; }
RateLimit tokens(std::uint64_t amount, std::chrono::seconds per = 60s) { return {Kind::tokens, amount, per}; }

}  // namespace

TEST_CASE("what is asked of Redis", "[shared_limits]") {
  const std::vector limits{requests(60), tokens(90'000, 3600s)};
  const auto reserve = reserve_question("aigw:", "gpt", limits, 77);
  CHECK(reserve.script == LimitQuestion::Script::reserve);
  CHECK(reserve.words == std::vector<std::string>{"2", "aigw:{gpt}:requests:60", "aigw:{gpt}:tokens:3600", "77",
                                                  "requests", "60", "60000", "tokens", "90000", "3600000"});
  const Reservation reservation{.tokens = 77, .slot_ms = 1234, .shared = true};
  const auto correct = correct_question("p", "gpt", limits, reservation, -1, 5);
  CHECK(correct.script == LimitQuestion::Script::correct);
  CHECK(correct.words == std::vector<std::string>{"2", "p{gpt}:requests:60", "p{gpt}:tokens:3600", "1234", "-1",
                                                  "60000", "5", "3600000"});
}

TEST_CASE("where the limits are kept", "[shared_limits]") {
  SharedLimits::Settings settings;
  settings.url = "redis://app@cache:7000/4";
  auto place = place_of(settings);
  CHECK(place.address.name() == "cache:7000");
  CHECK(place.credentials.user == "app");
  CHECK(place.database == 4);
  settings.credentials = Credentials{{}, Password::from_text("p")};
  place = place_of(settings);
  CHECK(place.credentials.user == "app");
  CHECK(place.credentials.password->reveal() == "p");
  settings.url = "/run/2/redis.sock";
  CHECK(place_of(settings).address.path == "/run/2/redis.sock");
  CHECK(place_of(settings).database == 0);
  for (const auto* url : {"redis://cache/99999999999", "http://cache", "redis://cache/x"}) {
    settings.url = url;
    CHECK_THROWS_AS(SharedLimits{settings}, std::runtime_error);
  }
}

TEST_CASE("replies of the script, and what it cannot have said", "[shared_limits]") {
  const std::vector limits{requests(60), tokens(900)};
  const auto integers = [](const std::vector<long long>& numbers) {
    Reply reply{.type = Reply::Type::array, .text = {}, .elements = {}};
    for (const auto number : numbers) {
      reply.elements.push_back({.type = Reply::Type::integer, .text = {}, .integer = number, .elements = {}});
    }
    return reply;
  };
  const auto reserved = std::get<Reservation>(read_reserved(integers({1, 5000}), limits, 7));
  CHECK(reserved.tokens == 7);
  CHECK(reserved.slot_ms == 5000);
  CHECK(reserved.shared);
  const auto refusal = std::get<LimitRefusal>(read_reserved(integers({0, 2, 1500}), limits, 7));
  CHECK(refusal.limit == tokens(900));
  CHECK(refusal.retry_after == 1500ms);
  CHECK(std::get<LimitRefusal>(read_reserved(integers({0, 1, 0}), limits, 7)).retry_after == 1ms);
  for (const auto& numbers : std::vector<std::vector<long long>>{{}, {1}, {0}, {0, 0, 1}, {0, 3, 1}, {0, 1}, {-1, 1}}) {
    CHECK_THROWS_AS(read_reserved(integers(numbers), limits, 7), ProtocolError);
  }
  CHECK_THROWS_AS(read_reserved({.type = Reply::Type::status, .text = "OK", .elements = {}}, limits, 7), ProtocolError);
}
