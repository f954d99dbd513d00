// SPDX-License-Identifier: Apache-2.0
#include "breaker_families.h"

#include <algorithm>

namespace binnacle {

namespace {

constexpr std::array<const char*, kBreakerQuantiles.size()> kPercentiles{"50", "95", "99"};

/// A fact, and the gauge that it goes to.
struct FactRow {
  std::optional<double> BreakerFacts::*fact;
  const char* name;
  const char* help;
};

constexpr std::array kFacts{
    FactRow{&BreakerFacts::failure_ratio, "circuit_breaker_failure_ratio",
            "Share of failed calls, timeouts among them, in the breaker's window (0 to 1); absent while it has too few "
            "calls."},
    FactRow{&BreakerFacts::slow_call_ratio, "circuit_breaker_slow_call_ratio",
            "Share of slow calls in the breaker's window (0 to 1); absent while it has too few calls."},
    FactRow{&BreakerFacts::window_calls, "circuit_breaker_window_calls", "Calls in the window that the ratios are of."},
    FactRow{&BreakerFacts::failure_ratio_threshold, "circuit_breaker_failure_ratio_threshold",
            "Failure ratio from which on the breaker opens (0 to 1)."},
    FactRow{&BreakerFacts::slow_call_ratio_threshold, "circuit_breaker_slow_call_ratio_threshold",
            "Ratio of slow calls from which on the breaker opens (0 to 1)."},
    FactRow{&BreakerFacts::slow_call_threshold_seconds, "circuit_breaker_slow_call_threshold_seconds",
            "Duration from which on a call counts as slow."},
    FactRow{&BreakerFacts::minimum_calls, "circuit_breaker_minimum_calls",
            "Calls that the window must have before the breaker opens."},
};

/// Transitions that a breaker makes by itself: shown from the start, since a counter that appears at 1 has no increase.
struct Transition {
  BreakerState from;
  BreakerState to;
};
constexpr std::array kUsualTransitions{
    Transition{BreakerState::closed, BreakerState::open}, Transition{BreakerState::open, BreakerState::half_open},
    Transition{BreakerState::half_open, BreakerState::open}, Transition{BreakerState::half_open, BreakerState::closed},
    Transition{BreakerState::open, BreakerState::closed}};

bool is_usual(BreakerState from, BreakerState to) {
  return std::any_of(kUsualTransitions.begin(), kUsualTransitions.end(),
                     [&](const auto& usual) { return usual.from == from && usual.to == to; });
}

/// States whose time is shown from the start, and not only once a breaker was in them.
bool is_usual(BreakerState state) {
  return state == BreakerState::closed || state == BreakerState::open || state == BreakerState::half_open;
}

double unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>{time.time_since_epoch()}.count();
}

}  // namespace

bool refuses(BreakerState state) { return state == BreakerState::open || state == BreakerState::forced_open; }

BreakerQuantiles quantiles_of(const LogHistogram& durations) {
  BreakerQuantiles quantiles;
  for (std::size_t at = 0; at < quantiles.size(); ++at) quantiles[at] = durations.quantile(kBreakerQuantiles[at]);
  return quantiles;
}

BreakerFacts facts_of(const CircuitBreaker::Snapshot& breaker, const CircuitBreaker::Settings& settings) {
  BreakerFacts facts;
  facts.failure_ratio = breaker.window.failure_ratio();
  facts.slow_call_ratio = breaker.window.slow_ratio();
  facts.window_calls = static_cast<double>(breaker.window.counted());
  facts.failure_ratio_threshold = settings.failure_ratio;
  facts.slow_call_ratio_threshold = settings.slow_ratio;
  facts.slow_call_threshold_seconds = settings.slow_call.count();
  facts.minimum_calls = settings.minimum_calls;
  facts.quantiles = quantiles_of(breaker.durations);
  std::copy(breaker.calls.begin(), breaker.calls.end(), facts.calls.begin());
  return facts;
}

void add_breaker_states(const StateHistory& history, Moment now, LabelledSeries& series, Families& families) {
  auto state = families.gauge("circuit_breaker_state", "1 for the state that the breaker is in, 0 for all others.");
  auto seconds = families.counter("circuit_breaker_state_seconds_total",
                                  "Time that the breaker was in the state, since the exporter first saw it.");
  auto transitions = families.counter(
      "circuit_breaker_transitions_total",
      "Changes of the breaker's state, those between two scrapes among them, since the exporter first saw it.");
  for (const auto one : kBreakerStates) {
    series.add(state, {{"state", name_of(one)}}, one == history.state() ? 1 : 0);
    const auto time = history.time_in(one, now).count();
    if (time > 0 || is_usual(one)) series.add(seconds, {{"state", name_of(one)}}, time);
    for (const auto to : kBreakerStates) {
      const auto count = history.transitions(one, to);
      if (count == 0 && !is_usual(one, to)) continue;
      series.add(transitions, {{"from", name_of(one)}, {"to", name_of(to)}}, count);
    }
  }
  series.add(families.gauge("circuit_breaker_last_transition_timestamp_seconds",
                            "When the breaker came into its last known state, in Unix time; where it has not changed "
                            "since the exporter first saw it, and the source does not tell, that time."),
             unix_seconds(history.last_transition().wall));
}

void add_breaker_facts(const BreakerFacts& facts, LabelledSeries& series, Families& families) {
  for (const auto& row : kFacts) {
    if (facts.*row.fact) series.add(families.gauge(row.name, row.help), *(facts.*row.fact));
  }
  for (std::size_t at = 0; at < kPercentiles.size(); ++at) {
    if (!facts.quantiles[at]) continue;
    series.add(families.gauge("circuit_breaker_call_duration_percentile_seconds",
                              "Duration that so many percent of the calls in the window do not exceed."),
               {{"percentile", kPercentiles[at]}}, *facts.quantiles[at]);
  }
  for (const auto result : kCallResults) {
    const auto& calls = facts.calls[index_of(result)];
    if (!calls) continue;
    series.add(families.counter("circuit_breaker_calls_total",
                                "Calls by how they ended: success, slow (a success that took too long), failure, "
                                "timeout, ignored, or rejected by the breaker."),
               {{"result", name_of(result)}}, *calls);
  }
  if (facts.durations == nullptr || facts.durations->empty()) return;
  series.add(families.histogram("circuit_breaker_call_duration_seconds", "Duration of calls, as they were told of."),
             facts.durations->collect());
}

}  // namespace binnacle
