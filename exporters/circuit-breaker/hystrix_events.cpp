// SPDX-License-Identifier: Apache-2.0
#include "hystrix_events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "json_text.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

constexpr double kMillisecond = 1e-3;
constexpr double kPercent = 1e-2;
/// By kBreakerQuantiles.
constexpr std::array<const char*, kBreakerQuantiles.size()> kPercentiles{"50", "95", "99"};
constexpr const char* kSlowest = "100";

/// Of how many hosts a flag is true, and of how many false.
struct Votes {
  double yes = 0;
  double no = 0;

  [[nodiscard]] bool all() const { return yes > 0 && no == 0; }
  [[nodiscard]] bool none() const { return no > 0 && yes == 0; }
  void add(std::string_view value, double count) {
    if (value == "true") yes += count;
    if (value == "false") no += count;
  }
};

/// Turbine's text of several values: {true:1,false:2}, with quotes around the names or without.
Votes parse_votes(std::string_view text) {
  Votes votes;
  if (!text.starts_with('{')) {
    votes.add(text, 1);
    return votes;
  }
  text.remove_prefix(1);
  if (text.ends_with('}')) text.remove_suffix(1);
  while (!text.empty()) {
    auto count = take_until(text, ',');
    auto value = trim(take_until(count, ':'));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    votes.add(value, static_cast<double>(to_u64(trim(count)).value_or(0)));
  }
  return votes;
}

/// A boolean, a text of one or more, an object of counts, or a sum of ones.
Votes votes_of(const Json& command, const char* key, double hosts) {
  Votes votes;
  const auto* const value = find_member(command, key);
  if (value == nullptr) return votes;
  if (value->is_boolean()) {
    votes.add(value->get<bool>() ? "true" : "false", 1);
  } else if (value->is_string()) {
    votes = parse_votes(value->get_ref<const std::string&>());
  } else if (value->is_object()) {
    for (const auto* const name : {"true", "false"}) {
      votes.add(name, std::max(0.0, number_of(find_member(*value, name)).value_or(0)));
    }
  } else if (const auto sum = number_of(value)) {
    votes = {std::max(0.0, *sum), std::max(0.0, hosts - *sum)};
  }
  return votes;
}

BreakerState state_of(const Json& command, double hosts) {
  if (votes_of(command, "propertyValue_circuitBreakerForceOpen", hosts).all()) return BreakerState::forced_open;
  if (votes_of(command, "propertyValue_circuitBreakerForceClosed", hosts).all() ||
      votes_of(command, "propertyValue_circuitBreakerEnabled", hosts).none()) {
    return BreakerState::disabled;
  }
  const auto open = votes_of(command, "isCircuitBreakerOpen", hosts);
  if (open.yes > 0) return BreakerState::open;
  return open.none() ? BreakerState::closed : BreakerState::unknown;
}

std::optional<double> count_of(const Json& command, const char* key) {
  const auto count = number_of(find_member(command, key));
  return count && *count >= 0 ? count : std::nullopt;
}

/// Where no call was measured all percentiles are 0, which is no duration.
void add_quantiles(const Json& command, double hosts, Observation& breaker) {
  const auto* const latency = find_member(command, "latencyExecute");
  if (latency == nullptr || count_of(*latency, kSlowest).value_or(0) <= 0) return;
  for (std::size_t at = 0; at < kPercentiles.size(); ++at) {
    if (const auto sum = count_of(*latency, kPercentiles[at])) breaker.quantiles[at] = *sum / hosts * kMillisecond;
  }
}

void add_numbers(const Json& command, double hosts, Observation& breaker) {
  const auto calls = count_of(command, "requestCount");
  if (calls) breaker.set(Number::window_calls, *calls);
  const auto errors = count_of(command, "errorCount");
  if (calls && errors && *calls > 0) breaker.set(Number::failure_ratio, std::min(1.0, *errors / *calls));
  if (const auto sum = count_of(command, "propertyValue_circuitBreakerErrorThresholdPercentage")) {
    breaker.set(Number::failure_ratio_threshold, *sum / hosts * kPercent);
  }
  if (const auto sum = count_of(command, "propertyValue_circuitBreakerRequestVolumeThreshold")) {
    breaker.set(Number::minimum_calls, *sum / hosts);
  }
}

}  // namespace

std::optional<Observation> parse_hystrix_event(std::string_view data) {
  const auto command = read_json(data);
  if (!command.is_object()) throw SourceError(Failure::bad_reply, "expected each event to be an object");
  if (text_of(find_member(command, "type")) != "HystrixCommand") return std::nullopt;
  auto name = text_of(find_member(command, "name"));
  if (!name || name->empty()) throw SourceError(Failure::bad_reply, "expected a HystrixCommand to have a name");
  const auto hosts = std::max(1.0, number_of(find_member(command, "reportingHosts")).value_or(1));
  auto breaker = observed({*std::move(name), {}}, state_of(command, hosts));
  add_numbers(command, hosts, breaker);
  add_quantiles(command, hosts, breaker);
  return breaker;
}

}  // namespace binnacle::breaker
