// SPDX-License-Identifier: Apache-2.0
#include "redis_breakers.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/socket.h"
#include "core/strict_yaml.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kClosed =
    R"({"state":0,"generation":1,"start":"2026-11-22T12:00:00Z","expiry":"0001-01-01T00:00:00Z"})";
constexpr const char* kOpen =
    R"({"state":2,"generation":2,"start":"2026-11-22T12:00:00Z","expiry":"2199-01-01T00:00:00Z"})";

PollContext soon(int stop = -1) { return {Clock::now() + 10s, stop}; }

std::string scanned(const std::string& cursor, const std::vector<std::string>& keys) {
  auto reply = "*2\r\n" + bulk(cursor) + "*" + std::to_string(keys.size()) + "\r\n";
  for (const auto& key : keys) reply += bulk(key);
  return reply;
}

/// Reads only the breakers that are named.
RedisSettings named(const TestRedis& redis, std::vector<std::string> gobreaker,
                    std::vector<std::string> pybreaker = {}) {
  RedisSettings settings;
  settings.address = redis.address();
  settings.gobreaker = std::move(gobreaker);
  settings.pybreaker = std::move(pybreaker);
  return settings;
}

std::string states(const Reading& reading) {
  std::string text;
  for (const auto& breaker : reading.breakers) {
    text += (text.empty() ? "" : " ") + breaker.id.breaker + "=" + std::string{name_of(breaker.path.back().state)};
  }
  return text;
}

Failure failure_of(Source& source, const PollContext& context = soon()) {
  try {
    source.poll(context);
  } catch (const SourceError& error) {
    INFO(error.what());
    return error.failure();
  }
  FAIL("it was read");
  throw;
}

RedisSettings parsed(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto settings = parse_redis(config, {});
  config.finish();
  return settings;
}

}  // namespace

TEST_CASE("breakers that are named are read without a SCAN", "[redis_breakers]") {
  TestRedis redis{{{"GET gobreaker:state:pay", bulk(kOpen)},
                   {"GET gobreaker:state:gone", "$-1\r\n"},
                   {"GET orders:pybreaker:state", bulk("half-open")},
                   {"GET orders:pybreaker:fail_counter", bulk("3")},
                   {"GET orders:pybreaker:opened_at", "$-1\r\n"},
                   {"GET pybreaker:state", bulk("closed")},
                   {"GET pybreaker:fail_counter", "$-1\r\n"},
                   {"GET pybreaker:opened_at", "$-1\r\n"}}};
  const auto source = make_source(named(redis, {"pay", "gone"}, {"orders", ""}));
  CHECK(states(source->poll(soon())) == "pay=open pybreaker=closed orders=half_open");
  redis.set("GET gobreaker:state:gone", bulk(kClosed));
  CHECK(states(source->poll(soon())) == "gone=closed pay=open pybreaker=closed orders=half_open");
  CHECK(redis.connections() == 1);
  for (const auto& request : redis.requests()) CHECK_THAT(request, !Contains("SCAN"));
}

TEST_CASE("globs are looked for, and what is gone is forgotten", "[redis_breakers]") {
  TestRedis redis{
      {{"SCAN 0 MATCH gobreaker:state:* COUNT 1000", scanned("7", {"gobreaker:state:a", "gobreaker:state:"})},
       {"SCAN 7 MATCH gobreaker:state:* COUNT 1000", scanned("0", {"gobreaker:state:b:c"})},
       {"SCAN 0 MATCH *:pybreaker:state COUNT 1000", scanned("0", {"x:pybreaker:state", "xpybreaker:state"})},
       {"GET gobreaker:state:a", bulk(kOpen)},
       {"GET gobreaker:state:b:c", bulk(kClosed)},
       {"GET x:pybreaker:state", bulk("open")},
       {"GET x:pybreaker:fail_counter", bulk("5")},
       {"GET x:pybreaker:opened_at", bulk("1795262400")},
       {"GET pybreaker:state", "$-1\r\n"},
       {"GET pybreaker:fail_counter", "$-1\r\n"},
       {"GET pybreaker:opened_at", "$-1\r\n"}}};
  RedisSettings settings;
  settings.address = redis.address();
  const auto source = make_source(settings);
  CHECK(states(source->poll(soon())) == "a=open b:c=closed x=open");
  redis.set("SCAN 0 MATCH gobreaker:state:* COUNT 1000", scanned("0", {}));
  redis.set("GET gobreaker:state:a", "$-1\r\n");
  CHECK(states(source->poll(soon())) == "b:c=closed x=open");
  redis.set("GET gobreaker:state:a", "never asked again");
  CHECK(states(source->poll(soon())) == "b:c=closed x=open");
}

TEST_CASE("breakers of one name are told apart", "[redis_breakers]") {
  TestRedis redis{{{"GET gobreaker:state:pay", bulk(kOpen)},
                   {"GET pay:pybreaker:state", bulk("closed")},
                   {"GET pay:pybreaker:fail_counter", bulk("0")},
                   {"GET pay:pybreaker:opened_at", "$-1\r\n"}}};
  const auto source = make_source(named(redis, {"pay"}, {"pay"}));
  CHECK(states(source->poll(soon())) == "pay=open pay:pybreaker=closed");
}

TEST_CASE("a key of something else is unknown, and hides no other", "[redis_breakers]") {
  TestRedis redis{
      {{"GET gobreaker:state:list", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
       {"GET gobreaker:state:pay", bulk(kOpen)},
       {"GET gobreaker:state:secret", "-NOPERM No permissions to access a key\r\n"},
       {"GET gobreaker:state:text", bulk("{garbage")}}};
  const auto source = make_source(named(redis, {"list", "pay", "secret", "text"}));
  CHECK(states(source->poll(soon())) == "list=unknown pay=open secret=unknown text=unknown");
}

TEST_CASE("what a server refuses is told apart", "[redis_breakers]") {
  TestRedis redis{{{"GET gobreaker:state:pay", "-NOAUTH Authentication required.\r\n"}}};
  const auto source = make_source(named(redis, {"pay"}));
  CHECK(failure_of(*source) == Failure::unauthorized);
  redis.set("GET gobreaker:state:pay", "-NOPERM this user has no permissions to run the 'get' command\r\n");
  CHECK(failure_of(*source) == Failure::unauthorized);
  redis.set("GET gobreaker:state:pay", "-NOPERM No permissions to access a key\r\n");  // none of them
  CHECK(failure_of(*source) == Failure::unauthorized);
  redis.set("GET gobreaker:state:pay", "-LOADING Redis is loading the dataset in memory\r\n");
  CHECK(failure_of(*source) == Failure::refused);
  redis.set("GET gobreaker:state:pay", "-MOVED 1 10.0.0.1:6379\r\n");
  CHECK_THROWS_WITH(source->poll(soon()), Contains("Redis Cluster"));
  redis.set("GET gobreaker:state:pay", "HTTP/1.1 400 Bad Request\r\n");
  CHECK(failure_of(*source) == Failure::bad_reply);
  redis.set("GET gobreaker:state:pay", bulk(kOpen));
  CHECK(states(source->poll(soon())) == "pay=open");
}

TEST_CASE("without SCAN globs cannot be found", "[redis_breakers]") {
  TestRedis redis{{{"SCAN 0 MATCH gobreaker:state:pay-* COUNT 1000",
                    "-NOPERM this user has no permissions to run the 'scan' command\r\n"}}};
  const auto source = make_source(named(redis, {"pay-*"}));
  CHECK(failure_of(*source) == Failure::unauthorized);
  redis.set("SCAN 0 MATCH gobreaker:state:pay-* COUNT 1000", "*0\r\n");
  CHECK(failure_of(*source) == Failure::bad_reply);
}

TEST_CASE("a login and a database come first, and no message repeats the password", "[redis_breakers]") {
  TestRedis redis{{{"AUTH app hunter2", "+OK\r\n"}, {"SELECT 3", "+OK\r\n"}, {"GET gobreaker:state:pay", bulk(kOpen)}}};
  auto settings = named(redis, {"pay"});
  settings.credentials = {"app", Password::from_text("hunter2")};
  settings.database = 3;
  CHECK(states(make_source(settings)->poll(soon())) == "pay=open");
  CHECK(redis.requests().front() == "AUTH app hunter2");
  for (const auto* const answer : {"-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n",
                                   "-WRONGPASS invalid username-password pair hunter2\r\n",
                                   "-ERR AUTH <password> called without any password configured hunter2\r\n"}) {
    redis.set("AUTH app hunter2", answer);
    const auto source = make_source(settings);
    CHECK(failure_of(*source) == Failure::unauthorized);
    CHECK_THROWS_WITH(source->poll(soon()), !Contains("hunter2"));
  }
}

TEST_CASE("a kept connection that was closed is made anew at once", "[redis_breakers]") {
  TestRedis redis{{{"GET gobreaker:state:pay", bulk(kOpen)}}};
  const auto source = make_source(named(redis, {"pay"}));
  source->poll(soon());
  redis.set("GET gobreaker:state:pay", "close");
  CHECK_THROWS_AS(source->poll(soon()), ConnectionLost);
  CHECK(redis.connections() == 2);
  redis.set("GET gobreaker:state:pay", bulk(kOpen));
  CHECK(states(source->poll(soon())) == "pay=open");
}

TEST_CASE("a silent server ends with the deadline, or with the exporter", "[redis_breakers]") {
  TestRedis redis{{{"GET gobreaker:state:pay", "silence"}}};
  const auto source = make_source(named(redis, {"pay"}));
  CHECK_THROWS_AS(source->poll({Clock::now() + 300ms, -1}), Timeout);
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const UniqueFd stop{ends[0]};
  ::close(ends[1]);
  CHECK_THROWS_WITH(source->poll({Clock::now() + 1h, stop.get()}), Contains("the exporter ends"));
}

TEST_CASE("addresses name a database", "[redis_breakers]") {
  CHECK(redis_from_address("localhost").address == Address{"localhost", 6379, {}});
  CHECK(redis_from_address("redis://app:a/b@cache:7000/4").database == 4);
  CHECK(redis_from_address("redis://cache").database == 0);
  CHECK(redis_from_address("/run/redis.sock").address.path == "/run/redis.sock");
  CHECK(redis_from_address("unix:///run/2/redis.sock").database == 0);
  CHECK_THROWS(redis_from_address("redis://cache/99999999"));
  CHECK_THROWS_WITH(redis_from_address("redis://app:hunter2@cache/x"), !Contains("hunter2"));
}

TEST_CASE("a source of the config", "[redis_breakers]") {
  const auto settings = parsed(
      "{address: 'cache:7000', database: 2, gobreaker: [pay, 'x-*'], pybreaker: [''], "
      "pybreaker_reset_timeout: 30s}");
  CHECK(settings.address == Address{"cache", 7000, {}});
  CHECK(settings.database == 2);
  CHECK(settings.gobreaker == std::vector<std::string>{"pay", "x-*"});
  CHECK(settings.pybreaker == std::vector<std::string>{""});
  CHECK(settings.pybreaker_reset_timeout == 30s);
  CHECK(parsed("address: cache").gobreaker == std::vector<std::string>{"*"});
  CHECK(parsed("{address: cache, gobreaker: []}").gobreaker.empty());
  for (const auto* const text : {"{}", "address: ''", "{address: a, database: -1}", "{address: a, gobreaker: ['']}",
                                 "{address: a, pybreaker_reset_timeout: soon}", "{address: a, other: 1}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parsed(text), ConfigError);
  }
}
