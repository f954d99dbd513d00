// SPDX-License-Identifier: Apache-2.0
#include "breaker_families.h"

#include <array>
#include <string>
#include <vector>

namespace binnacle::breaker {

namespace {

/// A number that only sources of this exporter know, and the family it goes to.
struct NumberRow {
  Number number;
  const char* name;
  const char* help;
  prometheus::MetricType type = prometheus::MetricType::Gauge;
};

constexpr std::array kNumbers{
    NumberRow{Number::consecutive_failures, "circuit_breaker_consecutive_failures",
              "Failures since the last success, as the source counts them."},
    NumberRow{Number::half_open_pending, "circuit_breaker_half_open_pending",
              "1: the time to stay open is over, and the next call will be let through, but none has come yet."},
    NumberRow{Number::ejections_active, "circuit_breaker_ejections_active",
              "Hosts that outlier detection has taken out just now."},
    NumberRow{Number::ejections_total, "circuit_breaker_ejections_total",
              "Times that outlier detection took a host out.", prometheus::MetricType::Counter},
};

std::vector<LabelView> labels_of(const BreakerRecord& record, const std::string& source) {
  std::vector<LabelView> labels{{"source", source}, {"breaker", record.id.breaker}};
  if (!record.id.instance.empty()) labels.emplace_back("instance", record.id.instance);
  return labels;
}

/// What is known of a breaker's calls: what the source says of its own window, else what ours says.
BreakerFacts facts_of(const BreakerRecord& record, Moment now) {
  const auto number = [&](Number of) { return record.numbers[static_cast<std::size_t>(of)]; };
  BreakerFacts facts;
  facts.failure_ratio = number(Number::failure_ratio);
  facts.slow_call_ratio = number(Number::slow_call_ratio);
  facts.window_calls = number(Number::window_calls);
  facts.failure_ratio_threshold = number(Number::failure_ratio_threshold);
  facts.slow_call_ratio_threshold = number(Number::slow_call_ratio_threshold);
  facts.slow_call_threshold_seconds = number(Number::slow_call_threshold_seconds);
  facts.minimum_calls = number(Number::minimum_calls);
  facts.quantiles = record.quantiles;
  facts.calls = record.calls;
  if (!record.measured) return facts;
  const auto totals = record.measured->window.totals(now.steady);
  if (!facts.failure_ratio) facts.failure_ratio = totals.failure_ratio();
  if (!facts.slow_call_ratio) facts.slow_call_ratio = totals.slow_ratio();
  if (!facts.window_calls) facts.window_calls = static_cast<double>(totals.counted());
  facts.quantiles = quantiles_of(record.measured->window.durations(now.steady));
  facts.durations = &record.measured->durations;
  return facts;
}

void add_numbers(const BreakerRecord& record, LabelledSeries& series, Families& families) {
  for (const auto& row : kNumbers) {
    const auto& value = record.numbers[static_cast<std::size_t>(row.number)];
    if (value) series.add(families.family(row.name, row.help, row.type), *value);
  }
}

void add_resources(const BreakerRecord& record, LabelledSeries& series, Families& families) {
  for (const auto& resource : record.resources) {
    const LabelView label{"resource", resource.name};
    if (resource.limit) {
      series.add(families.gauge("circuit_breaker_limit", "How much of the resource may be used at once."), {label},
                 *resource.limit);
    }
    if (resource.remaining) {
      series.add(families.gauge("circuit_breaker_remaining", "How much more of the resource may be used just now."),
                 {label}, *resource.remaining);
    }
    if (resource.exhausted) {
      series.add(families.gauge("circuit_breaker_exhausted",
                                "1 while all of the resource is in use, at the instant of "
                                "the poll: for alerts take the overflows."),
                 {label}, *resource.exhausted ? 1 : 0);
    }
    if (resource.overflows) {
      series.add(families.counter("circuit_breaker_overflow_total",
                                  "Times that something was refused since all of the resource was in use."),
                 {label}, *resource.overflows);
    }
  }
}

void add_thresholds(const BreakerRecord& record, LabelledSeries& series, Families& families) {
  if (record.rule == nullptr) return;
  for (std::size_t at = 0; at < kAlertThresholds.size(); ++at) {
    if (!record.rule->alerts[at]) continue;
    series.add(families.gauge("circuit_breaker_alert_threshold",
                              "From where on alerts speak up about this breaker, as the config's rule for it says."),
               {{"threshold", kAlertThresholds[at]}}, *record.rule->alerts[at]);
  }
}

std::string component_of(const BreakerTable& table, const BreakerRecord& record) {
  auto component = table.source() + " " + record.id.breaker;
  if (!record.id.instance.empty()) component += " " + record.id.instance;
  return component;
}

}  // namespace

void add_breakers(const BreakerTable& table, Moment now, Output& out) {
  bool any = false;
  bool any_for_readiness = false;
  table.each([&](const BreakerRecord& record) {
    LabelledSeries series{labels_of(record, table.source())};
    add_breaker_states(record.history, now, series, out.families);
    add_breaker_facts(facts_of(record, now), series, out.families);
    add_numbers(record, series, out.families);
    add_resources(record, series, out.families);
    add_thresholds(record, series, out.families);

    any = true;
    const bool for_readiness = record.rule != nullptr && record.rule->readiness;
    any_for_readiness = any_for_readiness || for_readiness;
    // Those that are closed need no fact each: one for all of them will do.
    if (!refuses(record.history.state())) return;
    out.fact(kOpenFact, 1, component_of(table, record));
    if (for_readiness) out.fact(kReadinessFact, 1, component_of(table, record));
  });
  if (any) out.fact(kOpenFact, 0, table.source());
  if (any_for_readiness) out.fact(kReadinessFact, 0, table.source());
}

}  // namespace binnacle::breaker
