// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/test_families.h"
#include "redis_collectors.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;

namespace {

/// The keys collector's output, as the config has it.
Families collect(const TestRedis& redis, KeysConfig config) {
  const Options options;
  auto session = std::make_shared<RedisSession>(RedisSession::Settings{redis.address(), {}, ""});
  auto scan = std::make_shared<KeyScan>(session, std::move(config));
  const auto collector = make_keys({.session = session, .options = options, .key_scan = scan});
  Output out;
  collector->collect({Clock::now() + 10s}, out);
  return std::move(out.families);
}

}  // namespace

TEST_CASE("keys of all types have a size, those with a number a value", "[keys]") {
  TestRedis redis{{{"PING", "+PONG\r\n"},
                   {"SELECT 0", "+OK\r\n"},
                   {"SELECT 3", "+OK\r\n"},
                   {"TYPE number", "+string\r\n"},
                   {"STRLEN number", ":2\r\n"},
                   {"GETRANGE number 0 63", bulk("42")},
                   {"TYPE long", "+string\r\n"},
                   {"STRLEN long", ":70\r\n"},
                   {"GETRANGE long 0 63", bulk(std::string(64, '1'))},
                   {"TYPE sketch", "+string\r\n"},
                   {"STRLEN sketch", ":100\r\n"},
                   {"GETRANGE sketch 0 63", bulk("HYLL...")},
                   {"PFCOUNT sketch", ":5\r\n"},
                   {"TYPE text", "+string\r\n"},
                   {"STRLEN text", ":5\r\n"},
                   {"GETRANGE text 0 63", bulk("HYLLO")},
                   {"PFCOUNT text", "-WRONGTYPE Key is not a valid HyperLogLog string value.\r\n"},
                   {"TYPE list", "+list\r\n"},
                   {"LLEN list", ":3\r\n"},
                   {"TYPE none", "+none\r\n"},
                   {"TYPE module", "+ReJSON-RL\r\n"},
                   {"TYPE there", "-MOVED 7 10.0.0.1:6379\r\n"}}};
  KeysConfig config;
  for (const auto* const key : {"number", "long", "sketch", "text", "none", "module", "there"}) {
    config.single.push_back({0, key});
  }
  config.single.push_back({3, "list"});
  const auto families = collect(redis, config);
  const auto size = [&](const std::string& key, const std::string& database = "db0") {
    return value_of(families, "redis_key_size", {{"db", database}, {"key", key}});
  };
  CHECK(size("number") == 2);
  CHECK(size("long") == 70);
  CHECK(size("sketch") == 5);
  CHECK(size("text") == 5);
  CHECK(size("list", "db3") == 3);
  CHECK(size("none") == 0);
  CHECK_FALSE(size("module"));
  CHECK_FALSE(size("there"));
  CHECK(series_of(families, "redis_key_value") == 1);
  CHECK(value_of(families, "redis_key_value", {{"db", "db0"}, {"key", "number"}}) == 42);
  CHECK(find_family(families, "redis_key_scan_passes_total") == nullptr);
}

TEST_CASE("a config without keys is not applicable", "[keys]") {
  TestRedis redis{{{"PING", "+PONG\r\n"}}};
  CHECK_THROWS_AS(collect(redis, {}), NotApplicable);
  KeysConfig config;
  config.streams = {{0, "named"}};
  CHECK_THROWS_AS(collect(redis, config), NotApplicable);
  CHECK(redis.requests().empty());
}

TEST_CASE("numbers of a pass", "[keys]") {
  KeysConfig config;
  config.count = {{0, "a:*"}};
  config.groups = {{"few", {1, "f:*"}, true}, {"lost", {0, "l:*"}, true}, {"plain", {0, "p:*"}, false}};
  KeyTotals totals;
  totals.counts = {7};
  totals.groups = {{10, 5, 50}, {4, 0, 0}, {3, 0, 0}};
  KeyScan::State state;
  state.passes = 2;
  state.keys_visited = 99;
  const auto now = Clock::now();
  SECTION("before the first ended") {
    Families families;
    add_key_scan(config, state, now, families);
    CHECK(value_of(families, "redis_key_scan_passes_total") == 2);
    CHECK(value_of(families, "redis_key_scan_keys_visited_total") == 99);
    CHECK(families.all().size() == 2);
  }
  SECTION("after it") {
    Families families;
    state.last = std::make_shared<const KeyTotals>(totals);
    state.finished = now - 3s;
    add_key_scan(config, state, now, families);
    CHECK(value_of(families, "redis_key_scan_age_seconds") == Approx(3));
    CHECK(value_of(families, "redis_keys_count", {{"db", "db0"}, {"key", "a:*"}}) == 7);
    CHECK(value_of(families, "redis_key_group_count", {{"db", "db1"}, {"key_group", "few"}}) == 10);
    CHECK(value_of(families, "redis_key_group_count", {{"db", "db0"}, {"key_group", "plain"}}) == 3);
    CHECK(series_of(families, "redis_key_group_memory_usage_bytes") == 1);
    CHECK(value_of(families, "redis_key_group_memory_usage_bytes", {{"db", "db1"}, {"key_group", "few"}}) == 100);
  }
}

TEST_CASE("numbers and what only looks like one", "[keys]") {
  CHECK(number_of("-1.5e3") == -1500);
  CHECK_FALSE(number_of(""));
  CHECK_FALSE(number_of("12 "));
  CHECK_FALSE(number_of("nan"));
  CHECK_FALSE(number_of("inf"));
  CHECK(length_command("zset") == std::string{"ZCARD"});
  CHECK(length_command("none") == nullptr);
}
