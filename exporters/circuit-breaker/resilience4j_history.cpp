// SPDX-License-Identifier: Apache-2.0
#include "resilience4j_history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace binnacle::breaker {

namespace {

using Seconds = std::chrono::duration<double>;

/// How many events of a breaker an application keeps, unless it is configured otherwise.
constexpr std::size_t kUsualRing = 100;

/// The nearest rank of each quantile.
BreakerQuantiles quantiles_of(std::vector<double> durations) {
  BreakerQuantiles quantiles{};
  if (durations.empty()) return quantiles;
  std::sort(durations.begin(), durations.end());
  for (std::size_t at = 0; at < kBreakerQuantiles.size(); ++at) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(kBreakerQuantiles[at] * static_cast<double>(durations.size())));
    quantiles[at] = durations[std::max<std::size_t>(rank, 1) - 1];
  }
  return quantiles;
}

/// How long ago events were that all happened since the last look, though the application's clock may be wrong: where
/// one would lie before that look or after now, all are moved by the same time.
class Ages {
 public:
  Ages(Moment now, std::optional<Moment> last) : now_(now) {
    if (last) longest_ = now.steady - last->steady;
  }

  void note(const Resilience4jEvent& event) {
    if (!event.time) return;
    const Seconds age = now_.wall - *event.time;
    least_ = std::min(least_, age);
    most_ = std::max(most_, age);
  }

  [[nodiscard]] std::optional<Seconds> of(const Resilience4jEvent& event) const {
    if (!event.time) return std::nullopt;
    Seconds shift{0};
    if (most_ > longest_) shift = longest_ - most_;
    if (least_ < Seconds{0}) shift = -least_;
    const Seconds age = now_.wall - *event.time + shift;
    return std::clamp(age, Seconds{0}, longest_);
  }

 private:
  Moment now_;
  Seconds longest_{0};
  Seconds least_{std::numeric_limits<double>::max()};
  Seconds most_{std::numeric_limits<double>::lowest()};
};

}  // namespace

Reading Resilience4jHistory::update(const std::vector<Resilience4jBreaker>& breakers,
                                    const std::optional<std::vector<Resilience4jEvent>>& events, Moment now) {
  std::unordered_map<std::string_view, Events> rings;
  if (events) {
    for (const auto& event : *events) rings[event.breaker].push_back(&event);
  }
  std::map<std::string, Memory> memory;
  std::vector<News> news(breakers.size());
  Ages ages{now, last_events_};
  Reading reading;
  for (std::size_t at = 0; at < breakers.size(); ++at) {
    const auto& breaker = breakers[at];
    const auto known = memory_.find(breaker.name);
    auto& mine = memory[breaker.name];
    if (known != memory_.end()) mine = std::move(known->second);
    count_refused(mine, breaker);
    if (!events) continue;
    news[at] = take_events(mine, rings[breaker.name]);
    if (news[at].gap) ++reading.gaps;
    if (news[at].first_sight) continue;
    for (const auto* transition : news[at].transitions) ages.note(*transition);
  }
  for (std::size_t at = 0; at < breakers.size(); ++at) {
    const auto& breaker = breakers[at];
    const auto& [first_sight, transitions, quantiles, gap] = news[at];
    auto observation = observation_of(breaker, memory[breaker.name]);
    observation.quantiles = quantiles;
    if (first_sight) {
      observation.path = first_path(breaker, transitions, now);
    } else {
      for (const auto* transition : transitions) observation.path.push_back({*transition->to, ages.of(*transition)});
    }
    if (observation.path.empty()) observation.path.push_back({breaker.state});
    reading.breakers.push_back(std::move(observation));
  }
  memory_ = std::move(memory);
  if (events) last_events_ = now;
  return reading;
}

Resilience4jHistory::News Resilience4jHistory::take_events(Memory& memory, const Events& ring) {
  News news;
  news.first_sight = !memory.ring;
  std::unordered_map<std::uint64_t, std::size_t> seen;
  const auto before = std::exchange(memory.ring, std::vector<std::uint64_t>{}).value_or(std::vector<std::uint64_t>{});
  for (const auto fingerprint : before) ++seen[fingerprint];
  std::size_t overlap = 0;
  std::vector<double> durations;
  for (const auto* event : ring) {
    memory.ring->push_back(event->fingerprint);
    if (event->call && event->seconds) durations.push_back(*event->seconds);
    const auto old = seen.find(event->fingerprint);
    if (old != seen.end() && old->second > 0) {
      --old->second;
      ++overlap;
      continue;
    }
    if (event->to) news.transitions.push_back(event);
    if (news.first_sight || !event->call) continue;
    if (*event->call == CallResult::rejected) {
      ++memory.refused_by_events;
    } else {
      ++memory.calls[index_of(*event->call)];
    }
  }
  news.quantiles = quantiles_of(std::move(durations));
  news.gap = !news.first_sight && overlap == 0 && (!before.empty() || ring.size() >= kUsualRing);
  return news;
}

/// The application counts refused calls anew in each state.
void Resilience4jHistory::count_refused(Memory& memory, const Resilience4jBreaker& breaker) {
  const auto before = std::exchange(memory.not_permitted_calls, breaker.not_permitted_calls);
  const auto state = std::exchange(memory.state, breaker.state);
  if (!before || !breaker.not_permitted_calls) return;
  const double count = *breaker.not_permitted_calls;
  memory.refused_by_counter += breaker.state != state || count < *before ? count : count - *before;
}

/// The state, and since when, if the last transition before our first look tells.
std::vector<Step> Resilience4jHistory::first_path(const Resilience4jBreaker& breaker, const Events& transitions,
                                                  Moment now) {
  Step step{breaker.state};
  if (!transitions.empty() && *transitions.back()->to == breaker.state && transitions.back()->time) {
    step.ago = std::max(Seconds{now.wall - *transitions.back()->time}, Seconds{0});
  }
  return {step};
}

/// All but the path and the quantiles.
Observation Resilience4jHistory::observation_of(const Resilience4jBreaker& breaker, const Memory& memory) {
  Observation observation;
  observation.id.breaker = breaker.name;
  const auto set = [&](Number number, std::optional<double> value) {
    if (value) observation.set(number, *value);
  };
  set(Number::failure_ratio, breaker.failure_ratio);
  set(Number::slow_call_ratio, breaker.slow_call_ratio);
  set(Number::failure_ratio_threshold, breaker.failure_ratio_threshold);
  set(Number::slow_call_ratio_threshold, breaker.slow_call_ratio_threshold);
  set(Number::window_calls, breaker.window_calls);
  if (memory.ring) {
    for (const auto result : {CallResult::success, CallResult::failure, CallResult::timeout, CallResult::ignored}) {
      observation.set_total(result, memory.calls[index_of(result)]);
    }
  }
  if (memory.ring || memory.not_permitted_calls) {
    observation.set_total(CallResult::rejected, std::max(memory.refused_by_counter, memory.refused_by_events));
  }
  return observation;
}

}  // namespace binnacle::breaker
