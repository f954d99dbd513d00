// SPDX-License-Identifier: Apache-2.0
#include "breaker_families.h"

#include <catch2/catch.hpp>
#include <string>

#include "test_families.h"

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

using State = BreakerState;
using Labels = std::vector<std::pair<std::string, std::string>>;

Moment at(std::chrono::seconds time) {
  return {Clock::time_point{1h + time}, std::chrono::system_clock::time_point{1'000'000s + time}};
}

Labels api(const std::string& name = {}, const std::string& value = {}) {
  Labels labels{{"source", "own"}, {"breaker", "api"}};
  if (!name.empty()) labels.emplace_back(name, value);
  return labels;
}

const CircuitBreaker::Settings kSettings{.window = {.calls = 10},
                                         .minimum_calls = 4,
                                         .failure_ratio = 0.5,
                                         .slow_ratio = 0.8,
                                         .slow_call = 2s,
                                         .open_time = 10'000ms,
                                         .half_open_calls = 1};

Families show(CircuitBreaker& breaker, Moment now) {
  Families families;
  LabelledSeries series{{"source", "own"}, {"breaker", "api"}};
  const auto snapshot = breaker.snapshot(now);
  add_breaker_states(snapshot.history, now, series, families);
  add_breaker_facts(facts_of(snapshot, kSettings), series, families);
  return families;
}

void call(CircuitBreaker& breaker, CallResult result, std::chrono::duration<double> duration, Moment now) {
  const auto permit = breaker.permit(now);
  REQUIRE(permit);
  breaker.record(*permit, result, duration, now);
}

}  // namespace

TEST_CASE("a breaker of ours that had no calls: its state, its settings, and calls at 0", "[core_breaker_families]") {
  CircuitBreaker breaker{kSettings, at(0s)};
  const auto families = show(breaker, at(4s));
  for (const auto state : kBreakerStates) {
    const auto wanted = state == State::closed ? 1 : 0;
    CHECK(value_of(families, "circuit_breaker_state", api("state", std::string{name_of(state)})) == wanted);
  }
  CHECK(value_of(families, "circuit_breaker_state_seconds_total", api("state", "closed")) == 4);
  CHECK(series_of(families, "circuit_breaker_state_seconds_total") == 3);
  CHECK(series_of(families, "circuit_breaker_transitions_total") == 5);
  CHECK(value_of(families, "circuit_breaker_last_transition_timestamp_seconds", api()) == 1'000'000);
  CHECK(value_of(families, "circuit_breaker_failure_ratio_threshold", api()) == 0.5);
  CHECK(value_of(families, "circuit_breaker_slow_call_ratio_threshold", api()) == 0.8);
  CHECK(value_of(families, "circuit_breaker_slow_call_threshold_seconds", api()) == 2);
  CHECK(value_of(families, "circuit_breaker_minimum_calls", api()) == 4);
  CHECK(value_of(families, "circuit_breaker_window_calls", api()) == 0);
  CHECK(series_of(families, "circuit_breaker_calls_total") == kCallResultCount);
  CHECK(value_of(families, "circuit_breaker_calls_total", api("result", "failure")) == 0);
  CHECK(series_of(families, "circuit_breaker_failure_ratio") == 0);
  CHECK(series_of(families, "circuit_breaker_slow_call_ratio") == 0);
  CHECK(series_of(families, "circuit_breaker_call_duration_percentile_seconds") == 0);
  CHECK(series_of(families, "circuit_breaker_call_duration_seconds") == 0);
}

TEST_CASE("a breaker of ours: ratios and percentiles of its window, then its transition", "[core_breaker_families]") {
  CircuitBreaker breaker{kSettings, at(0s)};
  call(breaker, CallResult::success, 0.1s, at(1s));
  call(breaker, CallResult::success, 3s, at(1s));
  call(breaker, CallResult::failure, 0.1s, at(1s));
  const auto closed = show(breaker, at(1s));
  CHECK(value_of(closed, "circuit_breaker_failure_ratio", api()).value() == Approx(1.0 / 3));
  CHECK(value_of(closed, "circuit_breaker_slow_call_ratio", api()).value() == Approx(1.0 / 3));
  CHECK(value_of(closed, "circuit_breaker_window_calls", api()) == 3);
  CHECK(value_of(closed, "circuit_breaker_call_duration_percentile_seconds", api("percentile", "50")).value() ==
        Approx(0.1).epsilon(0.05));
  CHECK(value_of(closed, "circuit_breaker_call_duration_percentile_seconds", api("percentile", "99")).value() ==
        Approx(3).epsilon(0.05));

  call(breaker, CallResult::timeout, 5s, at(2s));
  CHECK_FALSE(breaker.permit(at(3s)));
  const auto open = show(breaker, at(4s));
  CHECK(value_of(open, "circuit_breaker_state", api("state", "open")) == 1);
  auto labels = api("from", "closed");
  labels.emplace_back("to", "open");
  CHECK(value_of(open, "circuit_breaker_transitions_total", labels) == 1);
  CHECK(value_of(open, "circuit_breaker_state_seconds_total", api("state", "open")) == 2);
  CHECK(value_of(open, "circuit_breaker_last_transition_timestamp_seconds", api()) == 1'000'002);
  CHECK(value_of(open, "circuit_breaker_calls_total", api("result", "rejected")) == 1);
  CHECK(value_of(open, "circuit_breaker_calls_total", api("result", "slow")) == 1);
}

TEST_CASE("an operator's state is shown once there was one", "[core_breaker_families]") {
  CircuitBreaker breaker{kSettings, at(0s)};
  breaker.force(State::forced_open, at(1s));
  const auto families = show(breaker, at(4s));
  CHECK(value_of(families, "circuit_breaker_state_seconds_total", api("state", "forced_open")) == 3);
  CHECK(series_of(families, "circuit_breaker_transitions_total") == 6);
}

TEST_CASE("durations of all calls make a histogram where there are any", "[core_breaker_families]") {
  DurationHistogram durations;
  BreakerFacts facts;
  facts.durations = &durations;
  LabelledSeries series{{"source", "own"}, {"breaker", "api"}};
  Families empty;
  add_breaker_facts(facts, series, empty);
  CHECK(empty.all().empty());

  durations.observe(0.2s);
  Families families;
  add_breaker_facts(facts, series, families);
  REQUIRE(families.all().size() == 1);
  const auto& histogram = families.all().front();
  CHECK(histogram.name == "circuit_breaker_call_duration_seconds");
  CHECK(histogram.series()[0].histogram.sample_count == 1);
  CHECK(histogram.series()[0].label.size() == 2);
}

TEST_CASE("which states refuse calls", "[core_breaker_families]") {
  for (const auto state : kBreakerStates)
    CHECK(refuses(state) == (state == State::open || state == State::forced_open));
}
