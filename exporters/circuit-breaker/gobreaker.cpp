// SPDX-License-Identifier: Apache-2.0
#include "gobreaker.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/timestamp.h"
#include "json_text.h"
#include "source.h"

namespace binnacle::breaker {

namespace {

using States = std::vector<BreakerState>;
using Seconds = std::chrono::duration<double>;

/// Beyond this there is hardly ever just one way.
constexpr std::uint64_t kMostSteps = 6;
/// A window of more buckets is none that a sane application has; their sum is enough then.
constexpr std::size_t kMostBuckets = 10'000;

/// By gobreaker's numbers, which are not in the order of others.
constexpr std::array kStates{BreakerState::closed, BreakerState::half_open, BreakerState::open};

std::uint64_t whole_of(const Json* value) {
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

double count_of(const Json& counts, const char* key) { return static_cast<double>(whole_of(find_member(counts, key))); }

GobreakerCounts parse_counts(const Json& counts) {
  return {count_of(counts, "TotalSuccesses"), count_of(counts, "TotalFailures"), count_of(counts, "TotalExclusions"),
          count_of(counts, "ConsecutiveFailures")};
}

std::optional<WallTime> time_of(const Json& state, const char* key) {
  const auto text = text_of(find_member(state, key));
  return text ? parse_timestamp(*text) : std::nullopt;
}

/// Extends `way` by all that may follow, down to its last step.
void walk(States& way, BreakerState to, std::uint64_t steps, bool resets, std::set<States>& ways) {
  const auto state = way.back();
  if (steps == 0) {
    if (state == to) ways.insert(way);
    return;
  }
  const auto go_to = [&](BreakerState next) {
    way.push_back(next);
    walk(way, to, steps - 1, resets, ways);
    way.pop_back();
  };
  if (state == BreakerState::closed) {
    go_to(BreakerState::open);
    if (resets) walk(way, to, steps - 1, resets, ways);
  } else if (state == BreakerState::open) {
    go_to(BreakerState::half_open);
  } else {
    go_to(BreakerState::open);
    go_to(BreakerState::closed);
  }
}

/// The age of what is in the bucket at `index`, plus the number of buckets, so that it is never below 0.
std::uint64_t age_of(const GobreakerState& state, std::uint64_t index) {
  const auto size = state.buckets.size();
  return state.age + size - (state.age % size + size - index) % size;
}

}  // namespace

GobreakerState parse_gobreaker(std::string_view text) {
  const auto held = read_json(text);
  const auto* const number = find_member(held, "state");
  if (number == nullptr || !number->is_number_unsigned() || number->get<std::uint64_t>() >= kStates.size()) {
    throw SourceError(Failure::bad_reply, "expected gobreaker's \"state\" to be 0, 1 or 2");
  }
  GobreakerState state;
  state.state = kStates[number->get<std::size_t>()];
  state.generation = whole_of(find_member(held, "generation"));
  state.age = whole_of(find_member(held, "age"));
  if (const auto* const counts = find_member(held, "counts")) state.counts = parse_counts(*counts);
  const auto* const buckets = find_member(held, "buckets");
  if (buckets != nullptr && buckets->is_array() && buckets->size() >= 2 && buckets->size() <= kMostBuckets) {
    for (const auto& bucket : *buckets) state.buckets.push_back(parse_counts(bucket));
  } else {
    state.buckets.push_back(state.counts);
    state.age = 0;
  }
  state.start = time_of(held, "start");
  state.expiry = time_of(held, "expiry");
  return state;
}

std::optional<States> gobreaker_walk(BreakerState from, BreakerState to, std::uint64_t steps, bool resets) {
  if (steps > kMostSteps) return std::nullopt;
  States way{from};
  std::set<States> ways;
  walk(way, to, steps, resets, ways);
  if (ways.size() != 1) return std::nullopt;
  return States{ways.begin()->begin() + 1, ways.begin()->end()};
}

Observation Gobreaker::observe(const std::string& name, const GobreakerState& now, WallTime wall, std::uint64_t& gaps) {
  Observation breaker;
  breaker.id.breaker = name;
  if (now.state == BreakerState::closed) resets_ = now.expiry.has_value() && now.buckets.size() < 2;
  add_calls(now);
  add_path(now, wall, breaker, gaps);

  const auto calls = now.counts.successes + now.counts.failures;
  breaker.set(Number::window_calls, calls);
  if (calls > 0) breaker.set(Number::failure_ratio, now.counts.failures / calls);
  breaker.set(Number::consecutive_failures, now.counts.consecutive_failures);
  if (now.state != BreakerState::closed) breaker.set(Number::half_open_pending, pending_ ? 1 : 0);
  breaker.set_total(CallResult::success, successes_);
  breaker.set_total(CallResult::failure, failures_);
  breaker.set_total(CallResult::ignored, exclusions_);
  last_ = now;
  seen_ = wall;
  return breaker;
}

void Gobreaker::add_path(const GobreakerState& now, WallTime wall, Observation& breaker, std::uint64_t& gaps) {
  const bool same_generation = last_ && last_->generation == now.generation && last_->state == now.state;
  // The clocks of others may be wrong: what is new happened after the last poll, and not in the future.
  const auto ago = [&](const std::optional<WallTime>& when) -> std::optional<Seconds> {
    if (!when) return std::nullopt;
    const Seconds since = std::max(Seconds{0}, Seconds{wall - *when});
    return last_ ? std::min(since, Seconds{std::max(WallTime::duration{0}, wall - seen_)}) : since;
  };
  if (!same_generation) {
    States states{now.state};
    if (last_) {
      const auto steps = now.generation - last_->generation;  // of a key that was made anew, very many
      if (const auto way = gobreaker_walk(last_->state, now.state, steps, resets_)) {
        auto before = last_->state;
        for (const auto state : *way) {
          add_call_of(before, state);
          before = state;
        }
        if (!way->empty()) states = *way;
      } else {
        ++gaps;
      }
    }
    // A closed breaker whose counts end by time: its start says nothing of the state.
    const bool dated = now.state != BreakerState::closed || !resets_ || last_;
    for (const auto state : states) breaker.path.push_back({state, dated ? ago(now.start) : std::nullopt});
  }
  const bool expired = now.state == BreakerState::open && now.expiry && *now.expiry < wall;
  const bool was_pending = same_generation && pending_;
  pending_ = was_pending || expired;
  if (pending_) {
    breaker.path.push_back({BreakerState::half_open, was_pending ? std::nullopt : ago(now.expiry)});
  } else if (breaker.path.empty()) {
    breaker.path.push_back({now.state});
  }
}

/// A bucket that is the same one as at the last poll grew; one that is new is all new.
void Gobreaker::add_calls(const GobreakerState& now) {
  if (!last_) return;
  const bool same_window = last_->generation == now.generation && last_->buckets.size() == now.buckets.size();
  for (std::size_t at = 0; at < now.buckets.size(); ++at) {
    const bool same_bucket = same_window && age_of(*last_, at) == age_of(now, at);
    const auto before = same_bucket ? last_->buckets[at] : GobreakerCounts{};
    const auto& after = now.buckets[at];
    successes_ += std::max(0.0, after.successes - before.successes);
    failures_ += std::max(0.0, after.failures - before.failures);
    exclusions_ += std::max(0.0, after.exclusions - before.exclusions);
  }
}

/// The call that changes the state is counted in no generation.
void Gobreaker::add_call_of(BreakerState from, BreakerState to) {
  if (to == BreakerState::open && from != to) ++failures_;
  if (to == BreakerState::closed && from == BreakerState::half_open) ++successes_;
}

}  // namespace binnacle::breaker
