// SPDX-License-Identifier: Apache-2.0
#include "key_scan.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Requests = std::vector<std::string>;

namespace {

std::string page(const std::string& cursor, const std::vector<std::string>& keys) {
  auto reply = "*2\r\n" + bulk(cursor) + "*" + std::to_string(keys.size()) + "\r\n";
  for (const auto& key : keys) reply += bulk(key);
  return reply;
}

std::vector<std::string> numbered(const std::string& prefix, std::size_t count) {
  std::vector<std::string> keys(count);
  for (std::size_t number = 0; number < count; ++number) keys[number] = prefix + std::to_string(number);
  return keys;
}

TestRedis::Replies replies_with(TestRedis::Replies more) {
  more.insert({{"PING", "+PONG\r\n"},
               {"INFO everything", bulk("run_id:a\r\n")},
               {"SELECT 0", "+OK\r\n"},
               {"SELECT 2", "+OK\r\n"}});
  return more;
}

KeyScan scan_of(const TestRedis& redis, KeysConfig config) {
  return KeyScan{std::make_shared<RedisSession>(RedisSession::Settings{redis.address(), {}, ""}), std::move(config)};
}

KeysConfig counting(std::vector<KeyName> patterns, std::size_t budget = 10'000) {
  KeysConfig config;
  config.count = std::move(patterns);
  config.scan_budget = budget;
  return config;
}

}  // namespace

TEST_CASE("one pass serves all patterns of all databases", "[key_scan]") {
  TestRedis redis{replies_with({{"SCAN 0 COUNT 1000", page("0", {"a:1", "a:2", "b:1"})}})};
  auto config = counting({{0, "a:*"}, {2, "b:*"}});
  config.groups = {{"all", {0, "*"}, false}};
  auto scan = scan_of(redis, config);
  CHECK(scan.has_patterns());
  const auto deadline = scrape();
  const auto state = scan.advance(deadline);
  REQUIRE(state.last);
  CHECK(state.last->counts == std::vector<double>{2, 1});
  CHECK(state.last->groups[0].keys == 3);
  CHECK(state.passes == 1);
  CHECK(state.keys_visited == 6);
  scan.advance(deadline);  // the scrape's other collector
  CHECK(redis.requests() ==
        Requests{"PING", "INFO everything", "SCAN 0 COUNT 1000", "SELECT 2|SCAN 0 COUNT 1000|SELECT 0"});
}

TEST_CASE("a pass goes on in the next scrape where the budget ends it", "[key_scan]") {
  TestRedis redis{replies_with({{"SCAN 0 COUNT 200", page("17", {"a:1"})}, {"SCAN 17 COUNT 200", page("0", {"a:2"})}})};
  auto scan = scan_of(redis, counting({{0, "a:*"}}, 200));
  CHECK_FALSE(scan.advance(scrape()).last);
  const auto whole = scan.advance(scrape());
  REQUIRE(whole.last);
  CHECK(whole.last->counts[0] == 2);
  const auto next = scan.advance(scrape());  // in the middle of the second pass: still the numbers of the first
  CHECK(next.last == whole.last);
  CHECK(next.passes == 1);
  CHECK(next.keys_visited == 3);
}

TEST_CASE("what is further asked about keys counts in the budget", "[key_scan]") {
  const auto keys = numbered("s:", 120);
  auto replies = replies_with({{"SCAN 0 COUNT 1000", page("5", keys)}, {"SCAN 5 COUNT 80", page("0", {})}});
  for (const auto& key : keys) replies["TYPE " + key] = "+stream\r\n";
  TestRedis redis{replies};
  KeysConfig config;
  config.streams = {{0, "s:*"}};
  config.scan_budget = 1200;
  config.max_streams = 200;
  auto scan = scan_of(redis, config);
  const auto state = scan.advance(scrape());  // 1000 and 120 types: 80 are left
  REQUIRE(state.last);
  CHECK(state.last->streams.size() == 120);
}

TEST_CASE("a group's memory is estimated by some of its keys", "[key_scan]") {
  const auto keys = numbered("k:", 50);
  auto replies =
      replies_with({{"SCAN 0 COUNT 1000", page("3", keys)}, {"SCAN 3 COUNT 1000", page("0", {"k:x", "l:x"})}});
  for (const auto& key : keys) replies["MEMORY USAGE " + key] = ":100\r\n";
  replies["MEMORY USAGE k:0"] = "$-1\r\n";  // gone meanwhile
  replies["MEMORY USAGE k:x"] = ":7000\r\n";
  TestRedis redis{replies};
  KeysConfig config;
  config.groups = {{"k", {0, "k:*"}, true}, {"l", {0, "l:*"}, false}, {"none", {0, "none:*"}, true}};
  auto scan = scan_of(redis, config);
  const auto state = scan.advance(scrape());
  REQUIRE(state.last);
  CHECK(state.last->groups[0].keys == 51);
  CHECK(state.last->groups[0].memory() == Approx(50 * 100 + 7000));
  CHECK(state.last->groups[1].keys == 1);
  CHECK_FALSE(state.last->groups[1].memory());  // nobody asked
  CHECK(state.last->groups[2].memory() == 0);
  const auto requests = redis.requests();
  CHECK(std::count(requests[3].begin(), requests[3].end(), '|') == 19);
}

TEST_CASE("streams that patterns match are kept up to a cap, first names first", "[key_scan]") {
  TestRedis redis{replies_with({{"SCAN 0 COUNT 1000", page("9", {"e:3", "e:meta", "e:4"})},
                                {"SCAN 9 COUNT 1000", page("0", {"e:1", "e:5", "e:1"})},
                                {"TYPE e:1", "+stream\r\n"},
                                {"TYPE e:3", "+stream\r\n"},
                                {"TYPE e:4", "+stream\r\n"},
                                {"TYPE e:meta", "+hash\r\n"}})};
  KeysConfig config;
  config.streams = {{0, "e:*"}, {0, "named"}};
  config.max_streams = 2;
  auto scan = scan_of(redis, config);
  const auto state = scan.advance(scrape());
  REQUIRE(state.last);
  CHECK(state.last->streams == std::set<KeyName>{{0, "e:1"}, {0, "e:3"}});
  CHECK(state.last->streams_left_out == 2);
}

TEST_CASE("a config without patterns asks nothing", "[key_scan]") {
  TestRedis redis{replies_with({})};
  KeysConfig config;
  config.streams = {{0, "named"}};
  config.single = {{0, "*"}};
  auto scan = scan_of(redis, config);
  CHECK_FALSE(scan.has_patterns());
  CHECK_FALSE(scan.advance(scrape()).last);
  CHECK(redis.requests().empty());
}

TEST_CASE("a forbidden SCAN is not applicable to every collector", "[key_scan]") {
  TestRedis redis{
      replies_with({{"SCAN 0 COUNT 1000", "-NOPERM User x has no permissions to run the 'scan' command\r\n"}})};
  auto scan = scan_of(redis, counting({{0, "*"}}));
  const auto deadline = scrape();
  CHECK_THROWS_AS(scan.advance(deadline), NotApplicable);
  CHECK_THROWS_AS(scan.advance(deadline), NotApplicable);
  CHECK_THROWS_WITH(scan.advance(scrape()), "the server's user may not run SCAN");
  CHECK(redis.requests() == Requests{"PING", "INFO everything", "SCAN 0 COUNT 1000", "PING", "INFO everything"});
}

TEST_CASE("another server process begins a pass of its own", "[key_scan]") {
  TestRedis redis{replies_with({{"SCAN 0 COUNT 100", page("17", {"a"})}, {"SCAN 17 COUNT 100", page("0", {"b"})}})};
  auto scan = scan_of(redis, counting({{0, "*"}}, 100));
  scan.advance(scrape());
  CHECK(scan.advance(scrape()).last->counts[0] == 2);
  scan.advance(scrape());
  redis.set("INFO everything", bulk("run_id:b\r\n"));
  redis.set("SCAN 0 COUNT 100", page("17", {"c", "d"}));
  CHECK_FALSE(scan.advance(scrape()).last);
  CHECK(scan.advance(scrape()).last->counts[0] == 3);
}

TEST_CASE("a pass goes on after a scrape that failed, and begins anew after an error of SCAN", "[key_scan]") {
  TestRedis redis{replies_with({{"SCAN 0 COUNT 100", page("17", {"a"})}, {"SCAN 17 COUNT 100", "close"}})};
  auto scan = scan_of(redis, counting({{0, "*"}}, 100));
  scan.advance(scrape());
  CHECK_THROWS_AS(scan.advance(scrape()), ConnectionLost);
  redis.set("SCAN 17 COUNT 100", page("0", {"b"}));
  CHECK(scan.advance(scrape()).last->counts[0] == 2);
  scan.advance(scrape());
  redis.set("SCAN 17 COUNT 100", "-BUSY a script runs\r\n");
  CHECK_THROWS_WITH(scan.advance(scrape()), Contains("BUSY"));
  redis.set("SCAN 17 COUNT 100", page("0", {"b", "c"}));
  CHECK(scan.advance(scrape()).last->counts[0] == 3);
  scan.advance(scrape());
  redis.set("SCAN 17 COUNT 100", "-ERR invalid cursor\r\n");
  CHECK_THROWS_WITH(scan.advance(scrape()), Contains("invalid cursor"));
  redis.set("SCAN 0 COUNT 100", page("0", {"a", "b", "c", "d"}));
  CHECK(scan.advance(scrape()).last->counts[0] == 4);
}

TEST_CASE("an answer to SCAN of another form is an error", "[key_scan]") {
  for (const auto* const reply : {"*0\r\n", ":1\r\n", "*2\r\n*0\r\n*0\r\n"}) {
    TestRedis redis{replies_with({{"SCAN 0 COUNT 1000", reply}})};
    auto scan = scan_of(redis, counting({{0, "*"}}));
    CHECK_THROWS_WITH(scan.advance(scrape()), "the server's answer to SCAN has no cursor");
  }
}
