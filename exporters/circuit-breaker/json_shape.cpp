// SPDX-License-Identifier: Apache-2.0
#include "json_shape.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/text.h"
#include "core/timestamp.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

using std::chrono::system_clock;

/// A text, a number or a boolean, as text; nothing for anything else.
std::optional<std::string> scalar_of(const Json* value) {
  if (value == nullptr || value->is_null() || value->is_structured()) return std::nullopt;
  return value->is_string() ? value->get<std::string>() : value->dump();
}

/// Nothing for numbers below 0, which many use for what they do not know.
std::optional<double> amount_of(const Json* value) {
  if (value != nullptr && value->is_boolean()) return value->get<bool>() ? 1 : 0;
  const auto number = number_of(value);
  return number && *number >= 0 ? number : std::nullopt;
}

bool is_ratio(Number number) {
  return number == Number::failure_ratio || number == Number::slow_call_ratio ||
         number == Number::failure_ratio_threshold || number == Number::slow_call_ratio_threshold;
}

/// RFC 3339, or seconds since 1970, or milliseconds, as JavaScript has them.
std::optional<system_clock::time_point> time_of(const Json* value) {
  if (const auto text = text_of(value)) return parse_timestamp(*text);
  constexpr double kMilliseconds = 1e11;  // in seconds that is the year 5138, in milliseconds 1973
  const auto number = number_of(value);
  if (!number) return std::nullopt;
  return from_unix_seconds(*number >= kMilliseconds ? *number / 1000 : *number);
}

std::string pointer_of(const std::map<std::string, std::string>& given, std::string_view name,
                       const std::string& parent) {
  const auto found = given.find(std::string{name});
  return found == given.end() ? parent + "/" + std::string{name} : found->second;
}

}  // namespace

JsonReader::JsonReader(const JsonShape& shape)
    : shape_(shape),
      breakers_(shape.breakers),
      name_(shape.name),
      instance_(shape.instance),
      state_(shape.state),
      since_(shape.since) {
  for (const auto& [state, flag] : shape.state_flags) {
    const bool negated = flag.starts_with('!');
    flags_.push_back({state, JsonPointer{std::string_view{flag}.substr(negated ? 1 : 0)}, !negated});
  }
  for (const auto name : kNumberNames) numbers_.emplace_back(pointer_of(shape.numbers, name, ""));
  for (const auto name : kCallResultNames) calls_.emplace_back(pointer_of(shape.calls, name, "/calls"));
}

std::vector<Observation> JsonReader::read(std::string_view page, system_clock::time_point now) const {
  const auto document = read_json(page);
  const auto* const listed = breakers_.find(document);
  if (listed == nullptr || !listed->is_structured()) {
    throw SourceError(Failure::bad_reply, "expected an array or an object at " + binnacle::quoted(shape_.breakers));
  }
  std::vector<Observation> breakers;
  std::set<BreakerId> seen;
  const auto add = [&](const Json& breaker, std::optional<std::string> name) {
    if (!name || name->empty()) return;
    auto observation = observe(breaker, std::move(*name), now);
    if (seen.insert(observation.id).second) breakers.push_back(std::move(observation));
  };
  if (listed->is_array()) {
    for (const auto& breaker : *listed) add(breaker, scalar_of(name_.find(breaker)));
  } else if (const auto* const name = name_.find(*listed); name != nullptr && name->is_string()) {
    add(*listed, scalar_of(name));
  } else {
    for (const auto& [key, breaker] : listed->items()) add(breaker, key);
  }
  if (breakers.empty() && !listed->empty()) {
    throw SourceError(Failure::bad_reply, "expected a name at " + binnacle::quoted(shape_.name) + " of each breaker");
  }
  return breakers;
}

Observation JsonReader::observe(const Json& breaker, std::string name, system_clock::time_point now) const {
  Observation observation;
  observation.id = {std::move(name), scalar_of(instance_.find(breaker)).value_or("")};
  Step step{state_of(breaker)};
  if (const auto since = time_of(since_.find(breaker))) {
    step.ago = std::max(std::chrono::duration<double>{now - *since}, std::chrono::duration<double>{0});
  }
  observation.path.push_back(step);
  for (std::size_t at = 0; at < kNumberCount; ++at) {
    const auto number = static_cast<Number>(at);
    const auto value = amount_of(numbers_[at].find(breaker));
    if (!value) continue;
    if (!is_ratio(number)) {
      observation.set(number, *value);
    } else if (const double ratio = *value * shape_.ratio_scale; ratio <= 1) {
      observation.set(number, ratio);
    }
  }
  for (const auto result : kCallResults) {
    if (const auto count = amount_of(calls_[index_of(result)].find(breaker))) observation.set_total(result, *count);
  }
  return observation;
}

BreakerState JsonReader::state_of(const Json& breaker) const {
  for (const auto& [state, pointer, expected] : flags_) {
    const auto* const flag = pointer.find(breaker);
    if (flag != nullptr && flag->is_boolean() && flag->get<bool>() == expected) return state;
  }
  if (!flags_.empty()) return BreakerState::unknown;
  // In a mapping of names to states, the breaker itself is the state.
  const auto text = scalar_of(breaker.is_structured() ? state_.find(breaker) : &breaker);
  if (!text) return BreakerState::unknown;
  const auto found = shape_.states.find(*text);
  return found != shape_.states.end() ? found->second : breaker_state_of(*text).value_or(BreakerState::unknown);
}

}  // namespace binnacle::breaker
