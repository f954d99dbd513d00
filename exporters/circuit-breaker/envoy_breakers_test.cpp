// SPDX-License-Identifier: Apache-2.0
#include "envoy_breakers.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace binnacle;
using namespace binnacle::breaker;

namespace {

using States = std::vector<BreakerState>;

States path(const Observation& breaker) {
  States states;
  for (const auto& step : breaker.path) states.push_back(step.state);
  return states;
}

const Observation* find(const Reading& reading, const std::string& breaker, const std::string& instance = {}) {
  const auto found = std::find_if(reading.breakers.begin(), reading.breakers.end(), [&](const auto& one) {
    return one.id == BreakerId{breaker, instance};
  });
  return found == reading.breakers.end() ? nullptr : &*found;
}

const Observation& get(const Reading& reading, const std::string& breaker, const std::string& instance = {}) {
  const auto* const found = find(reading, breaker, instance);
  REQUIRE(found != nullptr);
  return *found;
}

std::optional<double> calls(const Observation& breaker, CallResult result) {
  return breaker.calls_total[index_of(result)];
}

/// A cluster "a" with gauges of both priorities, all of which are 0.
EnvoyStats quiet() {
  EnvoyStats stats;
  auto& cluster = stats["a"];
  cluster.default_priority.open.fill(0);
  cluster.high_priority.open.fill(0);
  cluster.overflows[0] = 0;
  cluster.overflows[1] = 0;
  return stats;
}

std::vector<EnvoyCluster> clusters_of(EnvoyResourceNumbers limits = {}, std::vector<EnvoyHost> hosts = {}) {
  return {{"a", "a", limits, {}, std::move(hosts)}};
}

}  // namespace

TEST_CASE("a cluster is two breakers, each open while a gauge of its own is 1", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  auto reading = breakers.observe(stats, {});
  CHECK(reading.breakers.size() == 2);
  CHECK(path(get(reading, "a")) == States{BreakerState::closed});
  CHECK(path(get(reading, "a/high")) == States{BreakerState::closed});
  stats["a"].high_priority.open[3] = 1;
  reading = breakers.observe(stats, {});
  CHECK(path(get(reading, "a")) == States{BreakerState::closed});
  CHECK(path(get(reading, "a/high")) == States{BreakerState::open});
}

TEST_CASE("an overflow while no gauge is 1 is an opening between two polls", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  stats["a"].overflows[1] = 21;  // before the exporter began
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::closed});
  stats["a"].overflows[1] = 22;
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::open, BreakerState::closed});
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::closed});
  // A restart begins at 0 again.
  stats["a"].overflows[1] = 0;
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::closed});
  stats["a"].overflows[1] = 5;
  CHECK(path(get(breakers.observe(stats, {}), "a")).size() == 2);
  stats["a"].overflows[1] = 3;
  CHECK(path(get(breakers.observe(stats, {}), "a")).size() == 2);
}

TEST_CASE("an overflow that a gauge explains is no opening of its own", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  breakers.observe(stats, {});
  stats["a"].default_priority.open[1] = 1;
  stats["a"].overflows[1] = 1;
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::open});
  stats["a"].default_priority.open[1] = 0;
  stats["a"].overflows[1] = 2;
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::closed});
  stats["a"].high_priority.open[1] = 1;
  stats["a"].overflows[1] = 3;
  CHECK(path(get(breakers.observe(stats, {}), "a")) == States{BreakerState::closed});
}

TEST_CASE("resources have their limits, what is left, and overflows", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  auto& a = stats["a"];
  a.default_priority.open[0] = 1;
  a.active = {1100, 4, 7, std::nullopt, std::nullopt};
  a.default_priority.remaining[2] = 90;
  a.default_priority.remaining[3] = 18446744073709551614.0;
  a.overflows[0] = 9;
  const auto reading = breakers.observe(stats, clusters_of({1024, 10, 100, 3, std::nullopt}));
  const auto& resources = get(reading, "a").resources;
  REQUIRE(resources.size() == 5);
  CHECK(resources[0].name == "connections");
  CHECK(resources[0].limit == 1024);
  CHECK(resources[0].remaining == 0);  // never below
  CHECK(resources[0].exhausted == true);
  CHECK(resources[0].overflows == 9);
  CHECK(resources[1].remaining == 6);
  CHECK(resources[1].exhausted == false);
  CHECK(resources[2].remaining == 90);  // what Envoy tracks itself comes first
  CHECK_FALSE(resources[2].overflows);
  CHECK(resources[3].limit == 3);
  CHECK_FALSE(resources[3].remaining);
  CHECK(resources[4].name == "connection_pools");
  CHECK_FALSE(resources[4].limit);
  CHECK_FALSE(resources[4].remaining);
  // Nobody knows which of the active ones are of the high priority.
  for (const auto& resource : get(reading, "a/high").resources) {
    CHECK_FALSE(resource.remaining);
    CHECK_FALSE(resource.overflows);
  }
}

TEST_CASE("without a limit nothing is left, nor is all", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  stats["a"].active[0] = 5;
  stats["a"].default_priority.remaining[1] = 4294967290;
  const auto reading = breakers.observe(stats, clusters_of());
  for (const auto& resource : get(reading, "a").resources) CHECK_FALSE(resource.remaining);
}

TEST_CASE("timeouts and rejections are no failures as well, though Envoy counts them as 5xx", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  auto& a = stats["a"];
  a.answers = {100, 5, 10, 20};
  a.timeouts = 4;
  a.overflows[1] = 6;
  a.overflows[2] = 1;
  auto reading = breakers.observe(stats, {});
  CHECK(calls(get(reading, "a"), CallResult::success) == 115);
  CHECK(calls(get(reading, "a"), CallResult::timeout) == 4);
  CHECK(calls(get(reading, "a"), CallResult::rejected) == 7);
  CHECK(calls(get(reading, "a"), CallResult::failure) == 9);
  a.answers[3] = 23;
  a.timeouts = 5;
  reading = breakers.observe(stats, {});
  CHECK(calls(get(reading, "a"), CallResult::failure) == 11);
  // A timeout after the answer had begun is no 5xx: the counter must not fall.
  a.timeouts = 8;
  reading = breakers.observe(stats, {});
  CHECK(calls(get(reading, "a"), CallResult::failure) == 11);
  a.answers[3] = 24;
  reading = breakers.observe(stats, {});
  CHECK(calls(get(reading, "a"), CallResult::failure) == 12);
  a = {};
  a.default_priority.open[0] = 0;
  a.answers[3] = 3;
  a.timeouts = 1;
  reading = breakers.observe(stats, {});
  CHECK(calls(get(reading, "a"), CallResult::failure) == 2);
  CHECK(calls(get(reading, "a"), CallResult::success) == 0);
}

TEST_CASE("a cluster of TCP has no answers", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  const auto reading = breakers.observe(stats, {});
  CHECK_FALSE(calls(get(reading, "a"), CallResult::success));
  CHECK_FALSE(calls(get(reading, "a"), CallResult::failure));
  CHECK(calls(get(reading, "a"), CallResult::rejected) == 0);
}

TEST_CASE("hosts are breakers where an outlier detection ejects them", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  auto stats = quiet();
  CHECK(find(breakers.observe(stats, clusters_of({}, {{"10.0.0.1:80", false}})), "a", "10.0.0.1:80") == nullptr);
  stats["a"].ejections = 0;
  stats["a"].ejected_hosts = 0;
  const auto observe = [&](bool one, bool other, double ejections) {
    stats["a"].ejections = ejections;
    return breakers.observe(stats, clusters_of({}, {{"10.0.0.1:80", one}, {"10.0.0.2:80", other}}));
  };
  auto reading = observe(false, true, 7);
  CHECK(path(get(reading, "a", "10.0.0.1:80")) == States{BreakerState::closed});
  CHECK(path(get(reading, "a", "10.0.0.2:80")) == States{BreakerState::open});
  CHECK(get(reading, "a").get(Number::ejections_total) == 7);
  CHECK(get(reading, "a").get(Number::ejections_active) == 0);
  CHECK(reading.gaps == 0);
  CHECK(observe(true, true, 8).gaps == 0);
  CHECK(observe(true, true, 9).gaps == 1);  // one came back and went again
  CHECK(observe(false, false, 9).gaps == 0);
  CHECK(observe(false, false, 11).gaps == 1);  // nobody saw whom
  CHECK(observe(true, false, 1).gaps == 0);    // a restart
  CHECK(observe(true, false, 0).gaps == 0);

  EnvoyBreakers without{false};
  without.observe(stats, clusters_of({}, {{"10.0.0.1:80", true}}));
  stats["a"].ejections = 5;
  reading = without.observe(stats, clusters_of({}, {{"10.0.0.1:80", true}}));
  CHECK(find(reading, "a", "10.0.0.1:80") == nullptr);
  CHECK(reading.gaps == 0);
}

TEST_CASE("names are the cluster's own, and stats of no cluster are none", "[envoy_breakers]") {
  EnvoyBreakers breakers{true};
  EnvoyStats stats;
  stats["tcp_//b_1"].default_priority.open[0] = 0;
  stats["b.internal"].answers[0] = 5;
  stats["c"].overflows[0] = 5;  // its gauges are not among the stats that this Envoy keeps
  const auto reading = breakers.observe(stats, {{"tcp://b:1", "tcp_//b_1"}, {"c", "c"}});
  CHECK(find(reading, "tcp://b:1") != nullptr);
  CHECK(find(reading, "b.internal") == nullptr);
  CHECK(path(get(reading, "c")) == States{BreakerState::unknown});
  CHECK(get(reading, "c").resources.at(0).overflows == 5);
  CHECK(find(reading, "c/high") == nullptr);
}
