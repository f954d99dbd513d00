// SPDX-License-Identifier: Apache-2.0
#include "breaker_table.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace binnacle::breaker {

namespace {

/// Names come from elsewhere: none may be longer than this, in bytes.
constexpr std::size_t kLongestName = 200;

/// A name as it may stand in a label.
std::string clean(std::string_view name) {
  auto text = to_utf8(name.substr(0, kLongestName));
  // The cut may have halved a character, or its replacement may be longer.
  while (text.size() > kLongestName) text.resize(kLongestName - 3);
  return is_utf8(text) ? text : to_utf8(text);
}

bool needs_cleaning(std::string_view name) { return name.size() > kLongestName || !is_utf8(name); }

Moment ago(const Step& step, Moment now) {
  if (!step.ago) return now;
  const auto by = std::chrono::duration_cast<Clock::duration>(*step.ago);
  return now.earlier(std::max(by, Clock::duration{0}));
}

}  // namespace

std::size_t BreakerTable::Hash::operator()(const BreakerIdView& id) const {
  constexpr std::size_t kMixer = 0x9e3779b97f4a7c15;
  return std::hash<std::string_view>{}(id.breaker) * kMixer + std::hash<std::string_view>{}(id.instance);
}

BreakerTable::BreakerTable(std::string source, std::string instance, std::shared_ptr<const BreakerPolicy> policy,
                           std::shared_ptr<BreakerCount> count)
    : source_(std::move(source)),
      instance_(std::move(instance)),
      count_(std::move(count)),
      policy_(std::move(policy)) {}

BreakerTable::~BreakerTable() { *count_ -= records_.size(); }

void BreakerTable::use(std::shared_ptr<const BreakerPolicy> policy) {
  const std::scoped_lock locked{mutex_};
  const bool other_window = policy->window() != policy_->window();
  policy_ = std::move(policy);
  for (auto it = records_.begin(); it != records_.end();) {
    auto& record = it->second;
    if (!policy_->wants(record.id.breaker)) {
      it = take_out(it);
      continue;
    }
    record.rule = policy_->rule_of(source_, {record.id.breaker, record.id.instance});
    if (other_window && record.measured) record.measured->window = CallWindow{policy_->window()};
    ++it;
  }
}

void BreakerTable::update(const Reading& reading, Moment now) {
  const std::scoped_lock locked{mutex_};
  for (const auto& observation : reading.breakers) apply(observation, now);
  for (auto& [id, record] : records_) {
    if (record.seen < now.steady) record.history.move_to(BreakerState::unknown, now);
  }
}

void BreakerTable::lose_sight(Moment now) {
  const std::scoped_lock locked{mutex_};
  for (auto& [id, record] : records_) record.history.move_to(BreakerState::unknown, now);
}

void BreakerTable::forget_gone(Moment now) {
  const std::scoped_lock locked{mutex_};
  const auto oldest = now.steady - policy_->ttl();
  for (auto it = records_.begin(); it != records_.end();) {
    if (it->second.seen >= oldest) {
      ++it;
      continue;
    }
    it = take_out(it);
    ++removed_;
  }
}

BreakerTable::Records::iterator BreakerTable::take_out(Records::iterator record) {
  --*count_;
  return records_.erase(record);
}

BreakerRecord* BreakerTable::find_or_add(const BreakerIdView& id, BreakerState first, Moment since, Moment now) {
  const BreakerIdView named{id.breaker, id.instance.empty() ? std::string_view{instance_} : id.instance};
  auto found = records_.find(named);
  if (found == records_.end() && (needs_cleaning(named.breaker) || needs_cleaning(named.instance))) {
    found = records_.find(BreakerId{clean(named.breaker), clean(named.instance)});
  }
  auto* const record =
      found != records_.end() ? &found->second : add({clean(named.breaker), clean(named.instance)}, first, since);
  if (record != nullptr) record->seen = now.steady;
  return record;
}

/// Null where it is not wanted, or there are too many.
BreakerRecord* BreakerTable::add(BreakerId id, BreakerState first, Moment since) {
  if (id.breaker.empty() || !policy_->wants(id.breaker)) return nullptr;
  if (++*count_ > policy_->most()) {
    --*count_;
    ++dropped_;
    return nullptr;
  }
  auto& record = records_.try_emplace(id, id, first, since).first->second;
  record.rule = policy_->rule_of(source_, {record.id.breaker, record.id.instance});
  return &record;
}

void BreakerTable::apply(const Observation& observation, Moment now) {
  if (observation.path.empty()) return;
  const auto& first = observation.path.front();
  auto* const record =
      find_or_add({observation.id.breaker, observation.id.instance}, first.state, ago(first, now), now);
  if (record == nullptr) return;
  for (const auto& step : observation.path) record->history.move_to(step.state, ago(step, now));
  record->numbers = observation.numbers;
  record->quantiles = observation.quantiles;
  record->resources = observation.resources;
  record->calls = observation.calls_total;
}

void BreakerTable::state(const BreakerIdView& id, BreakerState state, Moment now) {
  auto* const record = find_or_add(id, state, now, now);
  if (record != nullptr) record->history.move_to(state, now);
}

void BreakerTable::call(const BreakerIdView& id, CallResult result, std::optional<double> seconds, std::uint32_t count,
                        Moment now) {
  auto* const record = find_or_add(id, BreakerState::unknown, now, now);
  if (record == nullptr) return;
  const bool slow =
      record->rule != nullptr && record->rule->slow_call && seconds && *seconds >= record->rule->slow_call->count();
  if (slow && result == CallResult::success) result = CallResult::slow;
  auto& calls = measured(*record);
  calls.window.record(result, seconds, now.steady, count);
  if (seconds) calls.durations.observe(std::chrono::duration<double>{*seconds}, count);
  *record->calls[index_of(result)] += count;
}

/// From the first call on all results are shown, those that never were as 0: a counter that appears at 1 has no
/// increase.
MeasuredCalls& BreakerTable::measured(BreakerRecord& record) const {
  if (!record.measured) {
    record.measured = std::make_unique<MeasuredCalls>(policy_->window());
    record.calls.fill(0);
  }
  return *record.measured;
}

void BreakerTable::setting(const BreakerIdView& id, Number number, double value, Moment now) {
  auto* const record = find_or_add(id, BreakerState::unknown, now, now);
  if (record != nullptr) record->numbers[static_cast<std::size_t>(number)] = value;
}

void BreakerTable::each(const std::function<void(const BreakerRecord&)>& visit) const {
  const std::scoped_lock locked{mutex_};
  for (const auto& [id, record] : records_) visit(record);
}

BreakerTable::Counts BreakerTable::counts() const {
  const std::scoped_lock locked{mutex_};
  return {records_.size(), dropped_, removed_};
}

}  // namespace binnacle::breaker
