// SPDX-License-Identifier: Apache-2.0
#include "json_shape.h"

#include <catch2/catch.hpp>

#include "core/timestamp.h"
#include "source.h"

using namespace binnacle;
using namespace binnacle::breaker;

namespace {

const auto kNow = parse_timestamp("2026-11-21T10:00:00Z").value();

std::vector<Observation> read(const std::string& page, const JsonShape& shape = {}) {
  return JsonReader{shape}.read(page, kNow);
}

/// The one breaker of a page, whose other members are `members`.
Observation one(const std::string& members, const JsonShape& shape = {}) {
  const auto breakers = read(R"({"breakers":[{"name":"a",)" + members + "}]}", shape);
  REQUIRE(breakers.size() == 1);
  return breakers[0];
}

BreakerState state(const std::string& value, const JsonShape& shape = {}) {
  return one(R"("state":)" + value, shape).path.at(0).state;
}

double ago(const std::string& since) {
  const auto age = one(R"("since":)" + since).path.at(0).ago;
  return age ? age->count() : -1;
}

std::optional<double> total(const Observation& observation, CallResult result) {
  return observation.calls_total[index_of(result)];
}

std::string message_of(const std::string& page, const JsonShape& shape = {}) {
  try {
    read(page, shape);
  } catch (const SourceError& error) {
    CHECK(error.failure() == Failure::bad_reply);
    return error.what();
  }
  return "it was taken";
}

}  // namespace

TEST_CASE("the documented shape of JSON") {
  const auto breakers = read(R"({"breakers": [
      {"name": "pay", "instance": "shop-1", "state": "half-open", "since": "2026-11-21T09:59:30Z",
       "failure_ratio": 0.625, "slow_call_ratio": 0, "window_calls": 40, "failure_ratio_threshold": 0.5,
       "slow_call_ratio_threshold": 0.8, "slow_call_threshold_seconds": 2, "minimum_calls": 20,
       "consecutive_failures": 9, "half_open_pending": true, "ejections_active": 1, "ejections_total": 12,
       "calls": {"success": 1204, "failure": 37, "timeout": 4, "slow": 2, "ignored": 0, "rejected": 311}},
      {"name": 7, "instance": null}]})");
  REQUIRE(breakers.size() == 2);
  const auto& pay = breakers[0];
  CHECK(pay.id == BreakerId{"pay", "shop-1"});
  REQUIRE(pay.path.size() == 1);
  CHECK(pay.path[0].state == BreakerState::half_open);
  CHECK(pay.path[0].ago->count() == 30);
  CHECK(pay.get(Number::failure_ratio) == 0.625);
  CHECK(pay.get(Number::slow_call_ratio) == 0);
  CHECK(pay.get(Number::window_calls) == 40);
  CHECK(pay.get(Number::failure_ratio_threshold) == 0.5);
  CHECK(pay.get(Number::slow_call_ratio_threshold) == 0.8);
  CHECK(pay.get(Number::slow_call_threshold_seconds) == 2);
  CHECK(pay.get(Number::minimum_calls) == 20);
  CHECK(pay.get(Number::consecutive_failures) == 9);
  CHECK(pay.get(Number::half_open_pending) == 1);
  CHECK(pay.get(Number::ejections_active) == 1);
  CHECK(pay.get(Number::ejections_total) == 12);
  CHECK(total(pay, CallResult::success) == 1204);
  CHECK(total(pay, CallResult::failure) == 37);
  CHECK(total(pay, CallResult::timeout) == 4);
  CHECK(total(pay, CallResult::slow) == 2);
  CHECK(total(pay, CallResult::ignored) == 0);
  CHECK(total(pay, CallResult::rejected) == 311);
  const auto& bare = breakers[1];
  CHECK(bare.id == BreakerId{"7", ""});
  CHECK(bare.path.at(0).state == BreakerState::unknown);
  CHECK_FALSE(bare.path[0].ago);
  CHECK_FALSE(bare.get(Number::failure_ratio));
  CHECK_FALSE(total(bare, CallResult::success));
}

TEST_CASE("states by name, by the config's own texts, or unknown") {
  CHECK(state(R"("OPEN")") == BreakerState::open);
  CHECK(state(R"("halfOpen")") == BreakerState::half_open);
  for (const auto* odd : {R"("melted")", "1", "true", "null", "[]", "{}", R"("")"}) {
    INFO(odd);
    CHECK(state(odd) == BreakerState::unknown);
  }
  JsonShape shape;
  shape.states = {{"0", BreakerState::closed},  {"1", BreakerState::half_open},    {"0.5", BreakerState::disabled},
                  {"true", BreakerState::open}, {"tripped", BreakerState::open},   {"closed", BreakerState::open},
                  {"", BreakerState::closed},   {"-1", BreakerState::metrics_only}};
  CHECK(state("0", shape) == BreakerState::closed);
  CHECK(state("1", shape) == BreakerState::half_open);
  CHECK(state("0.5", shape) == BreakerState::disabled);
  CHECK(state("-1", shape) == BreakerState::metrics_only);
  CHECK(state("true", shape) == BreakerState::open);
  CHECK(state(R"("tripped")", shape) == BreakerState::open);
  CHECK(state(R"("closed")", shape) == BreakerState::open);
  CHECK(state(R"("")", shape) == BreakerState::closed);
  CHECK(state(R"("half_open")", shape) == BreakerState::half_open);
  CHECK(state("false", shape) == BreakerState::unknown);
}

TEST_CASE("since when a breaker is in its state") {
  CHECK(ago(R"("2026-11-21T10:59:00.5+01:00")") == 59.5);
  CHECK(ago("1795255190") == 10);
  CHECK(ago("1795255190500") == 9.5);
  CHECK(ago("1795255201") == 0);  // a clock that is ahead
  for (const auto* odd : {R"("yesterday")", "-5", "1e300", "true", "null", R"("1795255190")"}) {
    INFO(odd);
    CHECK(ago(odd) == -1);
  }
}

TEST_CASE("numbers that are none, and ratios out of their bounds, are unknown") {
  for (const auto* odd : {"-1", "-1.0", R"("0.5")", R"("50%")", "null", "[1]", "62.5", "1.0000001"}) {
    INFO(odd);
    CHECK_FALSE(one(R"("failure_ratio":)" + std::string{odd}).get(Number::failure_ratio));
  }
  CHECK(one(R"("failure_ratio":1)").get(Number::failure_ratio) == 1);
  CHECK_FALSE(total(one(R"("calls":{"success":-1,"failure":"3"})"), CallResult::success));
  CHECK_FALSE(total(one(R"("calls":7)"), CallResult::failure));
  CHECK(total(one(R"("calls":{"success":18446744073709551614})"), CallResult::success) == 18446744073709551614.0);
}

TEST_CASE("percentages become ratios, and other numbers stay") {
  JsonShape shape;
  shape.ratio_scale = 0.01;
  const auto seen = one(R"("failure_ratio":62.5,"failure_ratio_threshold":100,"window_calls":50)", shape);
  CHECK(seen.get(Number::failure_ratio) == Approx(0.625));
  CHECK(seen.get(Number::failure_ratio_threshold) == 1);
  CHECK(seen.get(Number::window_calls) == 50);
}

TEST_CASE("a page of resilience4j's kind, by pointers") {
  JsonShape shape;
  shape.breakers = "/data/0/circuitBreakers";
  shape.instance = "/pod";
  shape.numbers = {{"window_calls", "/metrics/buffered"}, {"failure_ratio", "/metrics/rate"}};
  shape.calls = {{"rejected", "/metrics/notPermitted"}};
  shape.ratio_scale = 0.01;
  const auto breakers = read(R"({"data":[{"circuitBreakers":{"b":{"state":"FORCED_OPEN","pod":"p-1",
      "metrics":{"buffered":10,"rate":-1,"notPermitted":4},"calls":{"success":3,"rejected":9}},"a":{}}}]})",
                             shape);
  REQUIRE(breakers.size() == 2);
  CHECK(breakers[0].id == BreakerId{"a", ""});
  CHECK(breakers[1].id == BreakerId{"b", "p-1"});
  CHECK(breakers[1].path[0].state == BreakerState::forced_open);
  CHECK(breakers[1].get(Number::window_calls) == 10);
  CHECK_FALSE(breakers[1].get(Number::failure_ratio));
  CHECK(total(breakers[1], CallResult::rejected) == 4);
  CHECK(total(breakers[1], CallResult::success) == 3);
}

TEST_CASE("opossum's toJSON, one or many") {
  JsonShape shape;
  shape.breakers = "";
  shape.name = "/state/name";
  shape.state_flags = {{BreakerState::disabled, "!/state/enabled"},
                       {BreakerState::open, "/state/open"},
                       {BreakerState::half_open, "/state/halfOpen"},
                       {BreakerState::closed, "/state/closed"}};
  const std::string open = R"({"state":{"name":"pay api","enabled":true,"closed":false,"open":true,"halfOpen":false},
                               "status":{"failures":5,"latencyTimes":[0,1]}})";
  const auto with = [&](const std::string& flags) { return R"({"state":{"name":"x",)" + flags + "}}"; };
  auto breakers =
      read("[" + open + "," + with(R"("enabled":true,"closed":false,"open":false,"halfOpen":true)") + "]", shape);
  REQUIRE(breakers.size() == 2);
  CHECK(breakers[0].id.breaker == "pay api");
  CHECK(breakers[0].path[0].state == BreakerState::open);
  CHECK(breakers[1].path[0].state == BreakerState::half_open);
  const auto state_with = [&](const std::string& flags) { return read(with(flags), shape).at(0).path[0].state; };
  CHECK(read(open, shape).at(0).path[0].state == BreakerState::open);
  CHECK(state_with(R"("enabled":false,"closed":true)") == BreakerState::disabled);
  CHECK(state_with(R"("closed":true)") == BreakerState::closed);
  CHECK(state_with(R"("closed":"true","open":1)") == BreakerState::unknown);
  CHECK(read(R"({"pay":{"state":{"open":true}}})", shape).at(0).id.breaker == "pay");
}

TEST_CASE("a mapping of names to states") {
  JsonShape shape;
  shape.breakers = "/circuits";
  shape.states = {{"2", BreakerState::open}};
  const auto breakers = read(R"({"circuits":{"a":"closed","b":2,"c/d":"??","":"open","e":null}})", shape);
  REQUIRE(breakers.size() == 4);
  CHECK(breakers[0].path[0].state == BreakerState::closed);
  CHECK(breakers[1].path[0].state == BreakerState::open);
  CHECK(breakers[2].id.breaker == "c/d");
  CHECK(breakers[2].path[0].state == BreakerState::unknown);
  CHECK(breakers[3].path[0].state == BreakerState::unknown);
}

TEST_CASE("of two breakers of one name and instance the first counts, and those without a name are left out") {
  const auto breakers = read(R"({"breakers":[{"name":"a","state":"open"},{"name":"a","state":"closed"},
      {"name":"a","instance":"i"},{"name":""},{"state":"open"},1,null,[]]})");
  REQUIRE(breakers.size() == 2);
  CHECK(breakers[0].path[0].state == BreakerState::open);
  CHECK(breakers[1].id == BreakerId{"a", "i"});
}

TEST_CASE("a page of another shape is refused, one without breakers is not") {
  CHECK(read(R"({"breakers":[]})").empty());
  CHECK(read(R"({"breakers":{}})").empty());
  CHECK(message_of("{}") == R"(expected an array or an object at "/breakers")");
  CHECK(message_of(R"({"breakers":null})") == R"(expected an array or an object at "/breakers")");
  CHECK(message_of(R"({"breakers":3})") == R"(expected an array or an object at "/breakers")");
  CHECK(message_of(R"({"breakers":[{"id":"a"}]})") == R"(expected a name at "/name" of each breaker)");
  CHECK(message_of("<html>") == "expected JSON; it is wrong at byte 1");
  CHECK(message_of("{\"breakers\":[{\"name\":\"\xff\"}]}") == "expected JSON; it is wrong at byte 23");
  CHECK(message_of(R"({"breakers":[{"name":"a","failure_ratio":NaN}]})") == "expected JSON; it is wrong at byte 42");
  JsonShape shape;
  shape.name = "name";
  CHECK_THROWS_WITH(JsonReader{shape}, "expected a JSON pointer: /name/name, or nothing");
}
