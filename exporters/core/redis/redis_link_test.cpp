// SPDX-License-Identifier: Apache-2.0
#include "redis_link.h"

#include <catch2/catch.hpp>

#include "test_redis.h"

using namespace binnacle;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Clock::time_point soon() { return Clock::now() + 10s; }

}  // namespace

TEST_CASE("commands go out together, replies come in their order", "[redis_link]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}, {"GET a", bulk("1")}}};
  RedisLink link{Socket::connect(redis.address(), soon())};
  const std::vector<Command> commands{{"PING"}, {"GET", "a"}, {"NONSENSE"}};
  link.send(commands, soon());
  CHECK(link.read(soon()).text == "PONG");
  CHECK(link.read(soon()).text == "1");
  CHECK(link.read(soon()).is_error());
  CHECK(redis.requests() == std::vector<std::string>{"PING|GET a|NONSENSE"});
}

TEST_CASE("what a full server says before it hangs up is heard", "[redis_link]") {
  TestServer server{[](std::string_view) { return std::nullopt; }, "-ERR max number of clients reached\r\n"};
  RedisLink link{Socket::connect(server.address(), soon())};
  CHECK(link.ask({"PING"}, soon()).text == "ERR max number of clients reached");
}

TEST_CASE("AUTH is sent where there is a password, with the user if there is one", "[redis_link]") {
  TestRedis redis{{{"AUTH hunter2", "+OK\r\n"}, {"AUTH app hunter2", "-WRONGPASS no\r\n"}, {"AUTH late", "silence"}}};
  RedisLink link{Socket::connect(redis.address(), soon())};
  const auto password = Password::from_text("hunter2");
  CHECK_FALSE(authenticate(link, {}, soon()));
  CHECK_FALSE(authenticate(link, {"app", std::nullopt}, soon()));
  CHECK(authenticate(link, {"", password}, soon())->text == "OK");
  CHECK(authenticate(link, {"app", password}, soon())->text == "WRONGPASS no");
  CHECK_THROWS_AS(authenticate(link, {"", Password::from_text("late")}, Clock::now() + 50ms), Timeout);
  CHECK(redis.requests() == std::vector<std::string>{"AUTH hunter2", "AUTH app hunter2", "AUTH late"});
}

TEST_CASE("a server that trickles does not outlast the deadline", "[redis_link]") {
  TestServer server{[](std::string_view) { return "$5\r\nab"; }};
  RedisLink link{Socket::connect(server.address(), soon())};
  CHECK_THROWS_AS(link.ask({"GET", "a"}, Clock::now() + 100ms), Timeout);
}

TEST_CASE("error replies are sorted by what they mean", "[redis_link]") {
  CHECK(refusal_of("NOPERM this user has no permissions") == Refusal::forbidden);
  CHECK(refusal_of("NOPERM User x has no permissions to run the 'keys' command") == Refusal::forbidden);
  CHECK(refusal_of("NOPERM No permissions to access a key") == Refusal::other_key);
  CHECK(refusal_of("NOPERM this user has no permissions to access one of the keys used as arguments") ==
        Refusal::other_key);
  CHECK(refusal_of("LOADING Redis is loading the dataset in memory") == Refusal::unavailable);
  CHECK(refusal_of("BUSY Redis is busy running a script.") == Refusal::unavailable);
  CHECK(refusal_of("NOAUTH Authentication required.") == Refusal::unavailable);
  CHECK(refusal_of("ERR max number of clients reached") == Refusal::unavailable);
  CHECK(refusal_of("DENIED Redis is running in protected mode") == Refusal::unavailable);
  CHECK(refusal_of("ERR unknown command 'LATENCY'") == Refusal::unsupported);
  CHECK(refusal_of("ERR Unknown subcommand or wrong number of arguments for 'HISTOGRAM'") == Refusal::unsupported);
  CHECK(refusal_of("ERR syntax error") == Refusal::unsupported);
  CHECK(refusal_of("ERR This instance has cluster support disabled") == Refusal::unsupported);
  CHECK(refusal_of("MISCONF Redis is configured to save RDB snapshots") == Refusal::none);
  CHECK(refusal_of("") == Refusal::none);
}

TEST_CASE("an error's message is one short line", "[redis_link]") {
  const RedisError error{"ERR a\r\nb" + std::string(1000, 'x')};
  CHECK(error.code() == "ERR");
  CHECK_THAT(error.what(), Contains("ERR a??b"));
  CHECK(std::string_view{error.what()}.size() < 300);
}
