// SPDX-License-Identifier: Apache-2.0
#include "key_config.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"

using namespace binnacle;
using namespace binnacle::cache;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

KeysConfig parse(const std::string& text) {
  auto target = YamlMap::from_text(text, "cache.yml");
  auto keys = parse_keys(target);
  target.finish();
  return keys;
}

}  // namespace

TEST_CASE("a key is in database 0, or where it says", "[key_config]") {
  CHECK(parse_key_name("cart") == KeyName{0, "cart"});
  CHECK(parse_key_name("db1=cart") == KeyName{1, "cart"});
  CHECK(parse_key_name("db12=a=b") == KeyName{12, "a=b"});
  CHECK(parse_key_name("db=cart") == KeyName{0, "db=cart"});
  CHECK(parse_key_name("db-1=cart") == KeyName{0, "db-1=cart"});
  CHECK(parse_key_name("db0=db1=cart") == KeyName{0, "db1=cart"});
  CHECK(parse_key_name("db1:cart") == KeyName{0, "db1:cart"});
  CHECK(parse_key_name("db123456=cart") == KeyName{0, "db123456=cart"});
  CHECK(KeyName{3, "x"}.database_label() == "db3");
  CHECK_THROWS_WITH(parse_key_name(""), Contains("expected a key"));
  CHECK_THROWS_WITH(parse_key_name("db1="), Contains("expected a key"));
}

TEST_CASE("a target's keys", "[key_config]") {
  CHECK(parse("") == KeysConfig{});
  const auto keys = parse(
      "keys:\n"
      "  single: ['queue:mail', 'db1=cart']\n"
      "  count: ['session:*']\n"
      "  groups: [{name: sessions, pattern: 'db2=session:*', memory: true}, {name: users, pattern: 'user:*'}]\n"
      "  streams: [orders, 'events:*']\n"
      "  scan_budget: 5000\n"
      "  scan_time: 50ms\n"
      "  max_streams: 7\n"
      "  max_consumers: 0\n");
  CHECK(keys.single == std::vector<KeyName>{{0, "queue:mail"}, {1, "cart"}});
  CHECK(keys.count == std::vector<KeyName>{{0, "session:*"}});
  CHECK(keys.groups == std::vector<KeyGroup>{{"sessions", {2, "session:*"}, true}, {"users", {0, "user:*"}, false}});
  CHECK(keys.streams == std::vector<KeyName>{{0, "orders"}, {0, "events:*"}});
  CHECK(keys.scan_budget == 5000);
  CHECK(keys.scan_time == 50ms);
  CHECK(keys.max_streams == 7);
  CHECK(keys.max_consumers == 0);
}

TEST_CASE("faults of the section keys name the key", "[key_config]") {
  const auto fault = [](const std::string& text) {
    try {
      parse("keys: {" + text + "}");
      return std::string{"none"};
    } catch (const ConfigError& error) {
      return std::string{error.what()};
    }
  };
  CHECK_THAT(fault("single: a"), Contains("keys.single"));
  CHECK_THAT(fault("single: ['db1=']"), Contains("keys.single") && Contains("expected a key"));
  CHECK_THAT(fault("single: [a, db0=a]"), Contains("keys.single") && Contains("\"db0=a\" is there twice"));
  CHECK_THAT(fault("groups: [{pattern: a}]"), Contains("keys.groups[0]") && Contains("expected a name"));
  CHECK_THAT(fault("groups: [{name: a}]"), Contains("keys.groups[0]") && Contains("expected a pattern"));
  CHECK_THAT(fault("groups: [{name: a, pattern: ''}]"), Contains("keys.groups[0].pattern"));
  CHECK_THAT(fault("groups: [{name: a, pattern: b}, {name: a, pattern: c}]"), Contains("another group"));
  CHECK(fault("groups: [{name: a, pattern: b}, {name: a, pattern: db1=b}]") == "none");
  CHECK_THAT(fault("groups: [{name: a, pattern: b, db: 1}]"), Contains("keys.groups[0].db"));
  CHECK_THAT(fault("scan_budget: 99"), Contains("keys.scan_budget") && Contains("100 to 1000000"));
  CHECK_THAT(fault("max_streams: 0"), Contains("keys.max_streams"));
  CHECK_THAT(fault("scan_time: 0s"), Contains("keys.scan_time") && Contains("1ms to 10s"));
  CHECK_THAT(fault("scan_time: 11s"), Contains("keys.scan_time"));
  CHECK_THAT(fault("patterns: [a]"), Contains("keys.patterns"));
}
