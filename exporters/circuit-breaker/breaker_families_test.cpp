// SPDX-License-Identifier: Apache-2.0
#include "breaker_families.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"
#include "test_breakers.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

using State = BreakerState;
using Labels = std::vector<std::pair<std::string, std::string>>;

/// The labels of the breaker pay at a, and one more.
Labels pay(const std::string& name = {}, const std::string& value = {}) {
  Labels labels{{"source", "src"}, {"breaker", "pay"}, {"instance", "a"}};
  if (!name.empty()) labels.emplace_back(name, value);
  return labels;
}

Output show(const BreakerTable& table, Moment now) {
  Output out;
  add_breakers(table, now, out);
  return out;
}

/// The value of a fact's worst component; nothing when there is no such fact.
std::optional<double> fact_of(const Output& out, std::string_view name) {
  std::optional<double> worst;
  for (const auto& fact : out.facts) {
    if (fact.name == name) worst = std::max(worst.value_or(0), fact.value);
  }
  return worst;
}

}  // namespace

TEST_CASE("each state is a series, and so are the usual transitions from the start", "[breaker_families]") {
  BreakerTable table{"src", "", policy(""), counter()};
  table.update({{observed({"pay", "a"}, State::closed)}}, at(0s));
  const auto out = show(table, at(4s));
  for (const auto state : kBreakerStates) {
    const auto wanted = state == State::closed ? 1 : 0;
    CHECK(value_of(out, "circuit_breaker_state", pay("state", std::string{name_of(state)})) == wanted);
  }
  auto labels = pay("from", "closed");
  labels.emplace_back("to", "open");
  CHECK(value_of(out, "circuit_breaker_transitions_total", labels) == 0);
  CHECK(series_of(out, "circuit_breaker_transitions_total") == 5);
  CHECK(value_of(out, "circuit_breaker_state_seconds_total", pay("state", "closed")) == 4);
  CHECK(series_of(out, "circuit_breaker_state_seconds_total") == 3);
  CHECK(value_of(out, "circuit_breaker_last_transition_timestamp_seconds", pay()) == 1'000'000);
}

TEST_CASE("an unusual transition is shown once it happened", "[breaker_families]") {
  BreakerTable table{"src", "", policy(""), counter()};
  table.update({{observed({"pay", "a"}, State::closed)}}, at(0s));
  table.update({{observed({"pay", "a"}, State::forced_open)}}, at(1s));
  const auto out = show(table, at(4s));
  auto labels = pay("from", "closed");
  labels.emplace_back("to", "forced_open");
  CHECK(value_of(out, "circuit_breaker_transitions_total", labels) == 1);
  CHECK(value_of(out, "circuit_breaker_state_seconds_total", pay("state", "forced_open")) == 3);
}

TEST_CASE("what a source does not know is absent", "[breaker_families]") {
  BreakerTable table{"src", "", policy(""), counter()};
  table.update({{observed({"pay", "a"}, State::closed)}}, at(0s));
  CHECK(show(table, at(0s)).families.all().size() == 4);
}

TEST_CASE("a source's numbers, quantiles, calls and resources", "[breaker_families]") {
  BreakerTable table{"src", "", policy(""), counter()};
  auto seen = observed({"pay", "a"}, State::closed);
  for (std::size_t number = 0; number < kNumberCount; ++number) {
    seen.set(static_cast<Number>(number), static_cast<double>(number) + 1);
  }
  seen.quantiles = {0.1, std::nullopt, 0.3};
  seen.set_total(CallResult::timeout, 12);
  seen.resources = {{"requests", 10, 3, true, 5}, {"retries", std::nullopt, std::nullopt, std::nullopt, std::nullopt}};
  table.update({{seen}}, at(0s));
  const auto out = show(table, at(0s));
  CHECK(value_of(out, "circuit_breaker_failure_ratio", pay()) == 1);
  CHECK(value_of(out, "circuit_breaker_ejections_total", pay()) == static_cast<double>(kNumberCount));
  CHECK(find_family(out, "circuit_breaker_ejections_total")->type == prometheus::MetricType::Counter);
  CHECK(value_of(out, "circuit_breaker_call_duration_percentile_seconds", pay("percentile", "50")) == 0.1);
  CHECK(value_of(out, "circuit_breaker_call_duration_percentile_seconds", pay("percentile", "99")) == 0.3);
  CHECK(series_of(out, "circuit_breaker_call_duration_percentile_seconds") == 2);
  CHECK(value_of(out, "circuit_breaker_calls_total", pay("result", "timeout")) == 12);
  CHECK(value_of(out, "circuit_breaker_limit", pay("resource", "requests")) == 10);
  CHECK(value_of(out, "circuit_breaker_remaining", pay("resource", "requests")) == 3);
  CHECK(value_of(out, "circuit_breaker_exhausted", pay("resource", "requests")) == 1);
  CHECK(value_of(out, "circuit_breaker_overflow_total", pay("resource", "requests")) == 5);
  CHECK(series_of(out, "circuit_breaker_limit") == 1);
}

TEST_CASE("pushed calls make ratios, percentiles and a histogram", "[breaker_families]") {
  BreakerTable table{"src", "", policy("window: 10s"), counter()};
  const BreakerIdView id{"pay", "a"};
  table.lock();
  table.state(id, State::closed, at(0s));
  table.call(id, CallResult::success, 0.1, 98, at(0s));
  table.call(id, CallResult::failure, 8.0, 2, at(0s));
  table.unlock();
  const auto out = show(table, at(1s));
  CHECK(value_of(out, "circuit_breaker_failure_ratio", pay()) == 0.02);
  CHECK(value_of(out, "circuit_breaker_slow_call_ratio", pay()) == 0);
  CHECK(value_of(out, "circuit_breaker_window_calls", pay()) == 100);
  CHECK(value_of(out, "circuit_breaker_call_duration_percentile_seconds", pay("percentile", "50")).value() ==
        Approx(0.1).epsilon(0.05));
  CHECK(value_of(out, "circuit_breaker_call_duration_percentile_seconds", pay("percentile", "99")).value() ==
        Approx(8).epsilon(0.05));
  const auto* histogram = find_family(out, "circuit_breaker_call_duration_seconds");
  REQUIRE(histogram != nullptr);
  CHECK(histogram->series()[0].histogram.sample_count == 100);
  CHECK(histogram->series()[0].histogram.sample_sum == Approx(25.8));
  CHECK(histogram->series()[0].label.size() == 3);

  const auto later = show(table, at(30s));
  CHECK_FALSE(value_of(later, "circuit_breaker_failure_ratio", pay()));
  CHECK(value_of(later, "circuit_breaker_window_calls", pay()) == 0);
  CHECK(series_of(later, "circuit_breaker_call_duration_percentile_seconds") == 0);
  CHECK(value_of(later, "circuit_breaker_calls_total", pay("result", "success")) == 98);
}

TEST_CASE("a rule's thresholds are series for alerts", "[breaker_families]") {
  BreakerTable table{"src", "", policy("rules: [{breaker: pay, alerts: {open_seconds: 30}}]"), counter()};
  table.update({{observed({"pay", "a"}, State::closed), observed({"ship", "a"}, State::closed)}}, at(0s));
  const auto out = show(table, at(0s));
  CHECK(value_of(out, "circuit_breaker_alert_threshold", pay("threshold", "open_seconds")) == 30);
  CHECK(series_of(out, "circuit_breaker_alert_threshold") == 1);
}

TEST_CASE("an open breaker is a fact, and one for readiness another", "[breaker_families]") {
  BreakerTable table{"src", "", policy("rules: [{breaker: pay, readiness: true}]"), counter()};
  CHECK_FALSE(fact_of(show(table, at(0s)), kOpenFact));
  table.update({{observed({"pay", "a"}, State::closed), observed({"ship", "a"}, State::open)}}, at(0s));
  CHECK(fact_of(show(table, at(0s)), kOpenFact) == 1);
  CHECK(fact_of(show(table, at(0s)), kReadinessFact) == 0);
  table.update({{observed({"pay", "a"}, State::forced_open), observed({"ship", "a"}, State::half_open)}}, at(1s));
  CHECK(fact_of(show(table, at(1s)), kReadinessFact) == 1);
  table.update({{observed({"pay", "a"}, State::closed), observed({"ship", "a"}, State::closed)}}, at(2s));
  CHECK(fact_of(show(table, at(2s)), kOpenFact) == 0);
}
