// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "core/strict_yaml.h"
#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::cache;
using Catch::Matchers::Contains;

namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

std::vector<TargetSpec> parse(const std::string& text) {
  auto config = YamlMap::from_text(text, "cache.yml");
  auto targets = parse_targets(config);
  config.finish();
  return targets;
}

std::string password_of(const TargetSpec& spec) {
  return spec.credentials.password ? spec.credentials.password->reveal() : std::string{};
}

}  // namespace

TEST_CASE("flags and redis_exporter's environment name targets", "[targets]") {
  CHECK(given_targets({}, environment({})).empty());

  const auto from_environment = given_targets(
      {}, environment({{"REDIS_ADDR", "redis://host:7000"}, {"REDIS_USER", "me"}, {"REDIS_PASSWORD", "secret"}}));
  REQUIRE(from_environment.size() == 1);
  CHECK(from_environment[0].address == Address{"host", 7000, {}});
  CHECK(from_environment[0].credentials.user == "me");
  CHECK(password_of(from_environment[0]) == "secret");

  const auto from_flags =
      given_targets({{"a", "b:1"}, "", "", {"m"}}, environment({{"REDIS_ADDR", "c"}, {"REDIS_PASSWORD", "secret"}}));
  REQUIRE(from_flags.size() == 3);
  CHECK(from_flags[0].address.name() == "a:6379");
  CHECK(password_of(from_flags[1]) == "secret");
  CHECK(from_flags[2].kind == Kind::memcached);
  CHECK(from_flags[2].address.name() == "m:11211");
  CHECK_FALSE(from_flags[2].credentials.password);
}

TEST_CASE("the password of a URL goes before a file, a file before a text", "[targets]") {
  const TestFolder folder;
  const auto file = folder.write("password", "from file\n");
  const auto given = [&](const std::string& url) {
    return given_targets({},
                         environment({{"REDIS_ADDR", url}, {"REDIS_PASSWORD", "text"}, {"REDIS_PASSWORD_FILE", file}}));
  };
  CHECK(password_of(given("redis://:own@host")[0]) == "own");
  CHECK(password_of(given("host")[0]) == "from file");
  const auto other = folder.write("other", "flag's");
  CHECK(password_of(given_targets({{"host"}, "", other, {}}, environment({{"REDIS_PASSWORD_FILE", file}}))[0]) ==
        "flag's");
}

TEST_CASE("a bad address names its flag or variable, never its value", "[targets]") {
  CHECK_THROWS_WITH(given_targets({}, environment({{"REDIS_ADDR", "rediss://:secret@host"}})),
                    "REDIS_ADDR: TLS to a server is not supported; expected redis://");
  CHECK_THROWS_WITH(given_targets({{":secret@x"}, "", "", {}}, environment({})),
                    Contains("--redis.addr: expected") && !Contains("secret"));
  CHECK_THROWS_WITH(given_targets({{}, "", "", {"a:b:"}}, environment({})), Contains("--memcached.address"));
  CHECK_THROWS_WITH(given_targets({}, environment({{"REDIS_PASSWORD_FILE", "/no/such"}})), Contains("/no/such"));
}

TEST_CASE("nothing named is redis_exporter's default", "[targets]") {
  const auto target = default_target({}, environment({{"REDIS_PASSWORD", "secret"}}));
  CHECK(target.address.name() == "localhost:6379");
  CHECK(password_of(target) == "secret");
}

TEST_CASE("the config names targets", "[targets]") {
  const TestFolder folder;
  const auto file = folder.write("password", "secret\n");
  ::setenv("TARGETS_TEST_PASSWORD", "other", 1);
  const auto targets = parse("credentials:\n  shop: {username: me, password_file: " + file +
                             "}\n  env: {password_env: TARGETS_TEST_PASSWORD}\ntargets:\n"
                             "  - {name: orders, address: redis-1, credentials: shop}\n"
                             "  - {name: carts, kind: redis, address: '[::1]:7000', credentials: env}\n"
                             "  - {name: pages, kind: memcached, address: /run/memcached.sock}\n");
  REQUIRE(targets.size() == 3);
  CHECK(targets[0].name == "orders");
  CHECK(targets[0].address.name() == "redis-1:6379");
  CHECK(targets[0].credentials.user == "me");
  CHECK(password_of(targets[0]) == "secret");
  CHECK(password_of(targets[1]) == "other");
  CHECK(targets[2].kind == Kind::memcached);
  CHECK(targets[2].address.path == "/run/memcached.sock");
  CHECK(parse("").empty());
}

TEST_CASE("faults of the config name the key", "[targets]") {
  const auto fault = [](const std::string& text) {
    try {
      parse(text);
      return std::string{"none"};
    } catch (const ConfigError& error) {
      return std::string{error.what()};
    }
  };
  CHECK_THAT(fault("targets: [{address: a}]"), Contains("targets[0]") && Contains("name"));
  CHECK_THAT(fault("targets: [{name: a}]"), Contains("expected address"));
  CHECK_THAT(fault("targets: [{name: a, address: 'redis://:secret@x'}]"), Contains("address") && !Contains("secret"));
  CHECK_THAT(fault("targets: [{name: a, address: a, kind: mysql}]"), Contains("expected redis"));
  CHECK_THAT(fault("targets: [{name: a, address: a}, {name: a, address: b}]"),
             Contains("another of targets has this name"));
  CHECK_THAT(fault("targets: [{name: a, address: a, credentials: no}]"), Contains("credentials"));
  CHECK_THAT(fault("targets: [{name: a, address: a, keys: {scan_budget: 1}}]"),
             Contains("targets[0].keys.scan_budget"));
  CHECK_THAT(fault("targets: [{name: a, kind: memcached, address: a, keys: {single: [b]}}]"),
             Contains("targets[0].keys") && Contains("expected kind redis"));
  CHECK_THAT(fault("credentials: {m: {}}\ntargets: [{name: a, kind: memcached, address: a, credentials: m}]"),
             Contains("Memcached takes none"));
  CHECK_THAT(fault("targets: [{name: a, kind: memcached, address: a, cluster: true}]"), Contains("cluster"));
  CHECK_THAT(fault("targets: [{name: a, address: a, password: secret}]"), Contains("password") && !Contains("secret"));
}

TEST_CASE("targets whose cluster is read as well", "[targets]") {
  TargetFlags flags{{"a"}, "", "", {"m"}};
  CHECK_FALSE(given_targets(flags, environment({}))[0].cluster);
  flags.redis_cluster = true;
  const auto given = given_targets(flags, environment({}));
  CHECK(given[0].cluster);
  CHECK_FALSE(given[1].cluster);
  flags.redis.clear();
  CHECK(given_targets(flags, environment({{"REDIS_ADDR", "b"}}))[0].cluster);
  CHECK(default_target(flags, environment({})).cluster);
  const auto configured = parse(
      "targets:\n  - {name: carts, address: a, cluster: true}\n"
      "  - {name: users, address: b, cluster: false}\n  - {name: pages, address: c}\n");
  CHECK(configured[0].cluster);
  CHECK_FALSE(configured[1].cluster);
  CHECK_FALSE(configured[2].cluster);
}

TEST_CASE("a single target has no name, several have one each", "[targets]") {
  const TargetSpec a{{}, Kind::redis, {"a", 1, {}}};
  const TargetSpec b{{}, Kind::memcached, {"b", 2, {}}};
  CHECK(name_targets({a}, {})[0].name.empty());
  const auto two = name_targets({a, b}, {});
  CHECK(two[0].name == "a:1");
  CHECK(two[1].name == "b:2");
  CHECK(name_targets({a}, {{"x", Kind::redis, {"c", 3, {}}}})[0].name == "a:1");
  CHECK_THROWS_WITH(name_targets({a, a}, {}), Contains("two targets are a:1"));
  auto cluster = a;
  cluster.cluster = true;
  CHECK(name_targets({cluster}, {})[0].name == "a:1");
}
