// SPDX-License-Identifier: Apache-2.0
#include "resilience4j_replies.h"

#include <array>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/text.h"
#include "core/timestamp.h"
#include "json_text.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

/// "50.0%" as 0.5. Nothing for "-1.0%", which stands for a ratio that is not known yet, and for NaN.
std::optional<double> ratio_of(const Json* value) {
  auto percent = number_of(value);
  if (auto text = text_of(value)) {
    std::string_view digits = trim(*text);
    if (digits.ends_with('%')) digits.remove_suffix(1);
    percent = to_double(trim(digits));
  }
  if (!percent || !std::isfinite(*percent) || *percent < 0) return std::nullopt;
  return *percent / 100;
}

std::optional<double> count_of(const Json* value) {
  constexpr double kMost = 1e18;  // nearly what a Java long holds; sums of such stay finite
  const auto count = number_of(value);
  return count && *count >= 0 && *count <= kMost ? count : std::nullopt;
}

Resilience4jBreaker breaker_of(const std::string& name, const Json& details) {
  const auto member = [&](const char* key) { return find_member(details, key); };
  Resilience4jBreaker breaker;
  breaker.name = name;
  breaker.state = breaker_state_of(text_of(member("state")).value_or("")).value_or(BreakerState::unknown);
  breaker.failure_ratio = ratio_of(member("failureRate"));
  breaker.slow_call_ratio = ratio_of(member("slowCallRate"));
  breaker.failure_ratio_threshold = ratio_of(member("failureRateThreshold"));
  breaker.slow_call_ratio_threshold = ratio_of(member("slowCallRateThreshold"));
  breaker.window_calls = count_of(member("bufferedCalls"));
  breaker.not_permitted_calls = count_of(member("notPermittedCalls"));
  return breaker;
}

constexpr std::array<std::pair<std::string_view, CallResult>, 4> kCallTypes{{
    {"SUCCESS", CallResult::success},
    {"ERROR", CallResult::failure},
    {"IGNORED_ERROR", CallResult::ignored},
    {"NOT_PERMITTED", CallResult::rejected},
}};

/// `message` is an exception as Java writes it: its class, and after a colon what it says.
bool is_timeout(std::string_view message) { return message.substr(0, message.find(':')).ends_with("TimeoutException"); }

std::optional<CallResult> call_of(std::string_view type, std::string_view message) {
  for (const auto& [name, result] : kCallTypes) {
    if (name != type) continue;
    return result == CallResult::failure && is_timeout(message) ? CallResult::timeout : result;
  }
  return std::nullopt;
}

/// Of "CLOSED_TO_OPEN".
std::optional<BreakerState> destination_of(std::string_view transition) {
  constexpr std::string_view kTo = "_TO_";
  const auto at = transition.find(kTo);
  if (at == std::string_view::npos) return std::nullopt;
  return breaker_state_of(transition.substr(at + kTo.size()));
}

Resilience4jEvent event_of(const Json& json, std::string name) {
  const auto text = [&](const char* key) { return text_of(find_member(json, key)).value_or(""); };
  const auto type = text("type");
  const auto created = text("creationTime");
  const auto transition = text("stateTransition");
  const auto milliseconds = count_of(find_member(json, "durationInMs"));
  Resilience4jEvent event;
  event.breaker = std::move(name);
  event.call = call_of(type, text("errorMessage"));
  if (type == "STATE_TRANSITION") event.to = destination_of(transition);
  event.time = parse_timestamp(created);
  if (milliseconds) event.seconds = *milliseconds / 1000;
  event.fingerprint = std::hash<std::string>{}(created + '\n' + type + '\n' + transition + '\n' +
                                               (milliseconds ? std::to_string(*milliseconds) : ""));
  return event;
}

}  // namespace

std::vector<Resilience4jBreaker> parse_resilience4j_breakers(std::string_view text) {
  const auto page = read_json(text);
  const auto* const listed = find_member(page, "circuitBreakers");
  if (listed == nullptr || !listed->is_structured()) throw SourceError(Failure::bad_reply, "expected circuitBreakers");
  std::vector<Resilience4jBreaker> breakers;
  if (listed->is_object()) {
    for (const auto& [name, details] : listed->items()) breakers.push_back(breaker_of(name, details));
    return breakers;
  }
  std::set<std::string> names;
  for (const auto& name : *listed) {
    if (name.is_string() && names.insert(name).second) breakers.push_back(breaker_of(name, {}));
  }
  return breakers;
}

std::vector<Resilience4jEvent> parse_resilience4j_events(std::string_view text) {
  const auto page = read_json(text);
  const auto* const listed = find_member(page, "circuitBreakerEvents");
  if (listed == nullptr || !listed->is_array()) throw SourceError(Failure::bad_reply, "expected circuitBreakerEvents");
  std::vector<Resilience4jEvent> events;
  for (const auto& json : *listed) {
    if (auto name = text_of(find_member(json, "circuitBreakerName")))
      events.push_back(event_of(json, std::move(*name)));
  }
  return events;
}

}  // namespace binnacle::breaker
