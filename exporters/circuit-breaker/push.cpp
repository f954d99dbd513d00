// SPDX-License-Identifier: Apache-2.0
#include "push.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/text.h"

namespace binnacle::breaker {

namespace {

constexpr std::string_view kPrefix = "circuit_breaker.";
constexpr double kMillisecond = 0.001;

/// What a name stands for.
enum class Form : std::uint8_t { state, durations, counts, setting };

struct Row {
  std::string_view name;  // behind the prefix
  Form form;
  Number number{};  // of a setting
  double most = 0;  // of a setting
};
constexpr double kAny = HUGE_VAL;
constexpr std::array kRows{
    Row{"call", Form::durations},
    Row{"calls", Form::counts},
    Row{"state", Form::state},
    Row{"failure_ratio_threshold", Form::setting, Number::failure_ratio_threshold, 1},
    Row{"slow_call_ratio_threshold", Form::setting, Number::slow_call_ratio_threshold, 1},
    Row{"slow_call_threshold_seconds", Form::setting, Number::slow_call_threshold_seconds, kAny},
    Row{"minimum_calls", Form::setting, Number::minimum_calls, kAny},
};

/// Null when it means nothing. `name` begins with the prefix.
const Row* find_row(std::string_view name) {
  name.remove_prefix(kPrefix.size());
  const auto* found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.name == name; });
  return found == kRows.end() ? nullptr : found;
}

/// The tags that count, each borrowed from the packet, empty where there is none.
struct Tags {
  std::string_view breaker;
  std::string_view instance;
  std::string_view result;
  std::string_view state;

  [[nodiscard]] BreakerIdView id() const { return {breaker, instance}; }
};

constexpr std::array<std::pair<std::string_view, std::string_view Tags::*>, 4> kTags{
    {{"breaker", &Tags::breaker}, {"instance", &Tags::instance}, {"result", &Tags::result}, {"state", &Tags::state}}};

/// Of two tags of one name the first counts, as everywhere in core.
void read_tags(std::string_view text, char separator, Tags& tags) {
  while (!text.empty()) {
    auto value = trim(take_until(text, ','));
    const auto key = take_until(value, separator);
    for (const auto& [name, tag] : kTags) {
      if (key == name && (tags.*tag).empty()) tags.*tag = value;
    }
  }
}

/// Takes tags that stand in the name (of Librato, Influx and SignalFx) off it.
void read_tags_of_name(std::string_view& name, Tags& tags) {
  const auto mark = name.find_first_of("#,[");
  if (mark == std::string_view::npos) return;
  auto text = name.substr(mark + 1);
  if (name[mark] == '[') text = text.substr(0, text.find(']'));
  name = name.substr(0, mark);
  read_tags(text, '=', tags);
}

bool is_time(StatsdType type) {
  return type == StatsdType::timer || type == StatsdType::histogram || type == StatsdType::distribution;
}

/// By its status, which has no names of its own for breakers.
BreakerState state_of(StatsdCheck::Status status) {
  constexpr std::array kStates{BreakerState::closed, BreakerState::half_open, BreakerState::open,
                               BreakerState::unknown};
  return kStates.at(static_cast<std::size_t>(status));
}

}  // namespace

void PushSink::begin_batch(std::chrono::steady_clock::time_point now) {
  now_ = {now, std::chrono::system_clock::now()};
  target_.lock();
}

bool PushSink::owns(std::string_view name) const { return name.starts_with(kPrefix); }

void PushSink::metric(const StatsdMetric& metric) {
  if (owns(metric.name)) count(take(metric));
}

void PushSink::service_check(const StatsdCheck& check) {
  if (check.name.starts_with(kPrefix)) count(take(check));
}

void PushSink::count(Fault fault) {
  if (fault) faults_.at(static_cast<std::size_t>(*fault)).fetch_add(1, std::memory_order_relaxed);
}

PushFaults PushSink::faults() const {
  PushFaults faults;
  for (std::size_t i = 0; i < faults.size(); ++i) faults.at(i) = faults_.at(i).load(std::memory_order_relaxed);
  return faults;
}

PushSink::Fault PushSink::take(const StatsdMetric& metric) {
  auto name = metric.name;
  Tags tags;
  read_tags(metric.tags, ':', tags);
  read_tags_of_name(name, tags);
  const auto* row = find_row(name);
  if (row == nullptr) return PushFault::unknown_name;
  if (tags.breaker.empty()) return PushFault::no_breaker;
  if (row->form == Form::state) return PushFault::wrong_type;
  if (row->form == Form::setting) {
    if (metric.type != StatsdType::gauge) return PushFault::wrong_type;
    const double value = metric.values.back().number;
    if (value < 0 || value > row->most) return PushFault::bad_value;
    target_.setting(tags.id(), row->number, value, now_);
    return {};
  }
  const auto result = tags.result.empty() ? CallResult::success : call_result_of(tags.result);
  if (!result) return PushFault::unknown_result;
  return row->form == Form::durations ? take_durations(tags.id(), *result, metric)
                                      : take_counts(tags.id(), *result, metric);
}

PushSink::Fault PushSink::take_durations(const BreakerIdView& id, CallResult result, const StatsdMetric& metric) {
  if (!is_time(metric.type)) return PushFault::wrong_type;
  const auto below_zero = [](const StatsdValue& value) { return value.number < 0; };
  if (std::any_of(metric.values.begin(), metric.values.end(), below_zero)) return PushFault::bad_value;
  const double unit = metric.type == StatsdType::timer ? kMillisecond : 1;
  for (const auto& value : metric.values) {
    target_.call(id, result, value.number * unit, whole_calls(metric.weight), now_);
  }
  return {};
}

PushSink::Fault PushSink::take_counts(const BreakerIdView& id, CallResult result, const StatsdMetric& metric) {
  if (metric.type != StatsdType::counter) return PushFault::wrong_type;
  double calls = 0;
  for (const auto& value : metric.values) {
    if (value.number < 0) return PushFault::bad_value;
    calls += value.number * metric.weight;
  }
  if (calls > kPushMaxCalls) return PushFault::bad_value;
  if (const auto whole = whole_calls(calls); whole != 0) target_.call(id, result, std::nullopt, whole, now_);
  return {};
}

/// A rate of 0.3 makes three calls and a third of each that came. The parts are kept until they are a whole one, so
/// that the sums are right.
std::uint32_t PushSink::whole_calls(double calls) {
  double whole = std::floor(calls);
  owed_ += calls - whole;
  if (owed_ >= 1) {
    owed_ -= 1;
    whole += 1;
  }
  return static_cast<std::uint32_t>(whole);
}

PushSink::Fault PushSink::take(const StatsdCheck& check) {
  const auto* row = find_row(check.name);
  if (row == nullptr) return PushFault::unknown_name;
  if (row->form != Form::state) return PushFault::wrong_type;
  Tags tags;
  read_tags(check.tags, ':', tags);
  if (tags.breaker.empty()) return PushFault::no_breaker;
  if (tags.instance.empty()) tags.instance = check.host;
  const auto state = tags.state.empty() ? state_of(check.status) : breaker_state_of(tags.state);
  if (!state) return PushFault::unknown_state;
  target_.state(tags.id(), *state, now_);
  return {};
}

void PushSink::report(Families& families) const {
  auto family = families.counter("circuit_breaker_push_malformed_total",
                                 "Lines of StatsD that begin with circuit_breaker. and were not taken, by why.");
  const auto counts = faults();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    family.add({{"reason", kPushFaultNames.at(i)}}, static_cast<double>(counts.at(i)));
  }
}

}  // namespace binnacle::breaker
