// SPDX-License-Identifier: Apache-2.0
#include "breaker_policy.h"

#include <catch2/catch.hpp>

#include "test_breakers.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("without a section all breakers are wanted", "[breaker_policy]") {
  auto config = YamlMap::from_text("", "test.yml");
  const auto defaults = BreakerPolicy::parse(config);
  CHECK(defaults.wants("anything"));
  CHECK(defaults.most() == 10'000);
  CHECK(defaults.ttl() == 10min);
  CHECK(defaults.window() == WindowSize{});
  CHECK(defaults.rule_of("src", {"pay", ""}) == nullptr);
}

TEST_CASE("include and exclude match whole names", "[breaker_policy]") {
  const auto some = policy("include: ['pay.*', ship]\nexclude: ['.*-test']");
  CHECK(some->wants("payments"));
  CHECK(some->wants("ship"));
  CHECK_FALSE(some->wants("shipping"));
  CHECK_FALSE(some->wants("pay-test"));
  CHECK_FALSE(some->wants(""));
}

TEST_CASE("the first rule that matches counts", "[breaker_policy]") {
  const auto rules = policy(
      "rules:\n"
      "  - {breaker: 'pay.*', source: edge, alerts: {open_seconds: 5}}\n"
      "  - {breaker: 'pay.*', instance: 'a|b', slow_call: 1500ms, readiness: true}\n"
      "  - {alerts: {openings_per_hour: 0, failure_ratio: 0.1, slow_call_ratio: 0.2, rejected_per_second: 3}}");
  const auto* first = rules->rule_of("edge", {"payments", "a"});
  REQUIRE(first != nullptr);
  CHECK(first->alerts[0] == 5);
  CHECK_FALSE(first->alerts[1]);
  CHECK_FALSE(first->readiness);
  const auto* second = rules->rule_of("other", {"payments", "b"});
  REQUIRE(second != nullptr);
  CHECK(second->slow_call->count() == 1.5);
  CHECK(second->readiness);
  const auto* rest = rules->rule_of("other", {"payments", "c"});
  REQUIRE(rest != nullptr);
  CHECK(rest->alerts == std::array<std::optional<double>, 5>{std::nullopt, 0.1, 0.2, 3, 0});
}

TEST_CASE("windows are of time or of calls", "[breaker_policy]") {
  CHECK(policy("window: 30s")->window() == WindowSize{.time = 30s});
  CHECK(policy("window_calls: 50")->window().calls == 50);
}

TEST_CASE("a bad section says where and what was expected", "[breaker_policy]") {
  CHECK_THROWS_WITH(policy("include: ['(']"), Contains("breakers.include: expected a regular expression (RE2)"));
  CHECK_THROWS_WITH(policy("max: 0"), Contains("breakers.max: expected 1 to 1000000"));
  CHECK_THROWS_WITH(policy("ttl: 0s"), Contains("breakers.ttl: expected more than 0"));
  CHECK_THROWS_WITH(policy("window: 0s"), Contains("breakers.window"));
  CHECK_THROWS_WITH(policy("window_calls: 0"), Contains("breakers.window_calls: expected 1 to"));
  CHECK_THROWS_WITH(policy("window: 1s\nwindow_calls: 5"), Contains("expected either window or window_calls"));
  CHECK_THROWS_WITH(policy("rules: [{breaker: '['}]"), Contains("breakers.rules[0].breaker: expected a regular"));
  CHECK_THROWS_WITH(policy("rules: [{alerts: {open_seconds: -1}}]"), Contains("open_seconds: expected 0 or more"));
  CHECK_THROWS_WITH(policy("rules: [{alerts: {open: 1}}]"), Contains("open_seconds"));
}
