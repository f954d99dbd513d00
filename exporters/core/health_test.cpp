// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "strict_yaml.h"

using binnacle::CollectorResult;
using binnacle::CollectorState;
using binnacle::HealthRule;
using binnacle::HealthStatus;
using binnacle::judge;
using binnacle::Output;

namespace {

const std::vector<HealthRule> kRules{{"used", "disk", 0.8, 0.9, 1}, {"free", "memory", 0.2, 0.1, 3}};

CollectorResult ran(const std::string& collector, const std::vector<binnacle::Fact>& facts) {
  CollectorResult result;
  result.collector = collector;
  result.state = CollectorState::ok;
  auto output = std::make_shared<Output>();
  output->facts = facts;
  result.output = output;
  return result;
}

CollectorResult ended(const std::string& collector, CollectorState state) {
  CollectorResult result;
  result.collector = collector;
  result.state = state;
  result.message = "broken";
  return result;
}

}  // namespace

TEST_CASE("a fact scores 100, then 60 down to 0, in both directions", "[health]") {
  const HealthRule high{"x", "c", 0.8, 0.9, 1};
  CHECK(binnacle::score_of(high, 0.79) == 100);
  CHECK(binnacle::score_of(high, 0.8) == Approx(60));
  CHECK(binnacle::score_of(high, 0.85) == Approx(30));
  CHECK(binnacle::score_of(high, 0.9) == 0);
  CHECK(binnacle::score_of(high, 5) == 0);
  const HealthRule low{"x", "c", 0.2, 0.1, 1};
  CHECK(binnacle::score_of(low, 0.21) == 100);
  CHECK(binnacle::score_of(low, 0.2) == Approx(60));
  CHECK(binnacle::score_of(low, 0.15) == Approx(30));
  CHECK(binnacle::score_of(low, 0.1) == 0);
}

TEST_CASE("all good is 100 and healthy", "[health]") {
  const auto report = judge(kRules, {ran("disk", {{"used", "/", 0.1}}), ran("memory", {{"free", "", 0.5}})});
  CHECK(report.status == HealthStatus::healthy);
  CHECK(report.score == 100);
}

TEST_CASE("the worst component counts, and the report says by how much", "[health]") {
  const auto report = judge(kRules, {ran("disk", {{"used", "/", 0.1}, {"used", "/data", 0.8}, {"used", "/x", NAN}}),
                                     ran("memory", {{"free", "", 0.5}})});
  CHECK(report.status == HealthStatus::degraded);
  CHECK(report.checks.at(0).component == "/data");
  CHECK(report.checks.at(0).lowers_by == Approx(10));  // 40 points at a quarter of the weight
  CHECK(*report.score == Approx(89));                  // 90, capped by the warning
}

TEST_CASE("a critical check caps the score", "[health]") {
  const auto report = judge(kRules, {ran("disk", {{"used", "/", 0.99}}), ran("memory", {{"free", "", 0.5}})});
  CHECK(report.status == HealthStatus::unhealthy);
  CHECK(*report.score == Approx(49));
}

TEST_CASE("what does not exist here carries no weight", "[health]") {
  const auto report =
      judge(kRules, {ended("disk", CollectorState::not_applicable), ran("memory", {{"free", "", 0.5}})});
  CHECK(report.status == HealthStatus::healthy);
  CHECK(report.score == 100);
  CHECK(report.checks.size() == 1);
}

TEST_CASE("missing data is unknown, never healthy and never 0", "[health]") {
  for (const auto state : {CollectorState::failed, CollectorState::timeout}) {
    const auto report = judge(kRules, {ended("disk", state), ran("memory", {{"free", "", 0.5}})});
    CHECK(report.status == HealthStatus::unknown);
    CHECK(report.score == 100);
    CHECK_FALSE(report.checks.at(0).score);
    CHECK(report.checks.at(0).message == "collector disk: broken");
  }
  const auto nothing = judge(kRules, {});
  CHECK(nothing.status == HealthStatus::unknown);
  CHECK_FALSE(nothing.score);
}

TEST_CASE("a known bad check outweighs an unknown one", "[health]") {
  const auto report = judge(kRules, {ended("disk", CollectorState::timeout), ran("memory", {{"free", "", 0.05}})});
  CHECK(report.status == HealthStatus::unhealthy);
  CHECK(report.score == 0);
}

TEST_CASE("a target that is down is unhealthy, whatever the others say", "[health]") {
  const std::vector<HealthRule> rules{{"used", "disk", 0.8, 0.9, 1}, binnacle::up_rule()};
  auto good = ran("disk", {{"used", "/", 0.1}});
  good.target = "a";
  auto down = ended("disk", CollectorState::timeout);
  down.target = "b";
  const auto report = judge(rules, {good, down});
  CHECK(report.status == HealthStatus::unhealthy);
  REQUIRE(report.score);
  CHECK(*report.score == Approx(25));
  std::vector<std::pair<std::string, double>> up;
  for (const auto& check : report.checks) {
    if (check.rule.fact == "up") up.emplace_back(check.target, check.score.value_or(-1));
  }
  CHECK(up == std::vector<std::pair<std::string, double>>{{"a", 100}, {"b", 0}});
  CHECK(judge(rules, {good}).score == 100);

  auto off = binnacle::YamlMap::from_text("up: {weight: 0}\n", "c.yml");
  CHECK(judge(binnacle::override_rules(rules, off), {good, down}).status == HealthStatus::unknown);
}

TEST_CASE("the config changes thresholds and weights, strictly", "[health]") {
  auto section = binnacle::YamlMap::from_text("used: {warn: 0.5, critical: 0.6, weight: 0}\n", "c.yml");
  const auto rules = binnacle::override_rules(kRules, section);
  section.finish();
  CHECK(rules[0].warn == 0.5);
  CHECK(rules[0].weight == 0);
  CHECK(rules[1].warn == 0.2);
  CHECK(judge(rules, {ran("disk", {{"used", "/", 0.99}})}).checks.empty());

  auto unknown = binnacle::YamlMap::from_text("nothing: {warn: 1}\n", "c.yml");
  binnacle::override_rules(kRules, unknown);
  CHECK_THROWS_AS(unknown.finish(), binnacle::ConfigError);
  auto equal = binnacle::YamlMap::from_text("used: {warn: 1, critical: 1}\n", "c.yml");
  CHECK_THROWS_AS(binnacle::override_rules(kRules, equal), binnacle::ConfigError);
  auto negative = binnacle::YamlMap::from_text("used: {weight: -1}\n", "c.yml");
  CHECK_THROWS_AS(binnacle::override_rules(kRules, negative), binnacle::ConfigError);
}

TEST_CASE("the report as health+json", "[health]") {
  const auto report = judge(kRules, {ran("disk", {{"used", "/d\xFF", 0.85}}), ended("memory", CollectorState::failed)});
  const auto json = nlohmann::json::parse(binnacle::to_health_json(report, "x-exporter", "1.2.3"));
  CHECK(json["status"] == "warn");
  CHECK(json["healthStatus"] == "degraded");
  CHECK(json["serviceId"] == "x-exporter");
  const auto& used = json["checks"]["used"][0];
  CHECK(used["observedValue"] == 0.85);
  CHECK(used["score"] == 30);
  CHECK(used["lowersScoreBy"] == 70);
  CHECK(used["warn"] == 0.8);
  CHECK(used["critical"] == 0.9);
  CHECK(used["time"].get<std::string>().back() == 'Z');
  const auto& free = json["checks"]["free"][0];
  CHECK(free["healthStatus"] == "unknown");
  CHECK(free["output"] == "collector memory: broken");
  CHECK_FALSE(free.contains("score"));
}
