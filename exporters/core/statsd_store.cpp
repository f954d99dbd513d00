// SPDX-License-Identifier: Apache-2.0
#include "statsd_store.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace binnacle {

namespace {

/// A full store looks for expired series this often, so that a flood does not make it look at each line.
constexpr std::chrono::seconds kSweepPause{1};

constexpr std::string_view kDefaultHelp = "As StatsD clients send it.";

/// Slots that stand for no series; the cache keeps these too.
constexpr std::uint32_t kDropped = 0xFFFFFFFF;
constexpr std::uint32_t kUnmapped = 0xFFFFFFFE;
constexpr std::uint32_t kNoSeries = 0xFFFFFFFD;

/// A family's name and the labels, with separators that no name has and that keep two sets of labels apart.
void write_key(const StatsdSeries& series, std::string& key) {
  key.assign(series.family);
  for (const auto& [name, value] : series.labels) {
    key.append(1, '\0').append(name).append(1, '=').append(std::to_string(value.size())).append(1, ':').append(value);
  }
}

}  // namespace

std::string_view statsd_loss_name(StatsdLoss loss) {
  constexpr std::array<std::string_view, kStatsdLosses> kNames{"unmapped", "dropped",  "series_cap", "set_cap",
                                                               "conflict", "negative", "overflow",   "too_long"};
  return kNames.at(static_cast<std::size_t>(loss));
}

void StatsdStore::configure(std::shared_ptr<const StatsdMapper> mapper, const Settings& settings) {
  const std::lock_guard turn{turn_};
  const std::lock_guard data{data_};
  mapper_ = std::move(mapper);
  settings_ = settings;
  cache_.reset(settings.series_cap);
}

void StatsdStore::begin_batch(Clock::time_point now) {
  const std::lock_guard turn{turn_};
  data_.lock();
  now_ = now;
}

void StatsdStore::end_batch() { data_.unlock(); }

void StatsdStore::metric(const StatsdMetric& metric) {
  const auto hash = StatsdLineCache::hash(metric);
  auto* entry = cache_.find(metric, hash);
  if (entry == nullptr || (entry->slot < kNoSeries && slots_[entry->slot].generation != entry->generation)) {
    entry = resolve(metric, hash);
    if (entry == nullptr) return;
  }
  if (entry->slot == kDropped) return lose(StatsdLoss::dropped, metric);
  if (entry->slot == kUnmapped) return lose(StatsdLoss::unmapped, metric);
  update(slots_[entry->slot], metric, entry->scale);
}

/// Where a line goes that the cache does not know. Null when it is lost, which is counted then.
StatsdLineCache::Entry* StatsdStore::resolve(const StatsdMetric& metric, std::uint64_t hash) {
  if (metric.name.size() + metric.tags.size() > kStatsdLongestKey) {
    lose(StatsdLoss::too_long, metric);
    return nullptr;
  }
  StatsdSeries series;
  const auto decision = mapper_ ? mapper_->resolve(metric, series) : StatsdMapper::Decision::unmapped;
  auto& entry = passing_;
  entry.generation = 1;
  entry.scale = series.scale;
  switch (decision) {
    case StatsdMapper::Decision::dropped:
      entry.slot = kDropped;
      break;
    case StatsdMapper::Decision::unmapped:
      entry.slot = kUnmapped;
      break;
    case StatsdMapper::Decision::taken:
      entry.slot = find_or_make(metric, series);
      if (entry.slot == kNoSeries) return nullptr;
      entry.generation = slots_[entry.slot].generation;
  }
  cache_.put(metric, hash, entry.slot, entry.generation, entry.scale);
  return &entry;
}

/// The slot of a series, or kNoSeries when it cannot be made, which is counted then.
std::uint32_t StatsdStore::find_or_make(const StatsdMetric& metric, const StatsdSeries& series) {
  write_key(series, key_);
  if (const auto known = by_key_.find(key_); known != by_key_.end()) {
    if (slots_[known->second].kind == series.kind) return known->second;
    lose(StatsdLoss::conflict, metric);
    return kNoSeries;
  }
  if (used_slots_ >= settings_.series_cap && now_ - last_sweep_ >= kSweepPause) sweep(now_);
  if (used_slots_ >= settings_.series_cap) {
    lose(StatsdLoss::series_cap, metric);
    return kNoSeries;
  }
  std::uint32_t family = 0;
  if (!find_or_make_family(series, family)) {
    lose(StatsdLoss::conflict, metric);
    return kNoSeries;
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_slots_.back();
  free_slots_.pop_back();
  by_key_.emplace(key_, index);
  auto& slot = slots_[index];
  auto& use = families_[family];
  ++use.series;
  ++used_slots_;
  slot.family = family;
  slot.kind = series.kind;
  slot.used = true;
  slot.bounds = use.family->buckets.get();
  if (slot.kind == StatsdKind::histogram) slot.counts.assign(slot.bounds->size() + 1, 0);
  if (slot.kind == StatsdKind::set) slot.members = std::make_unique<Members>();
  slot.labels = std::make_shared<const StatsdLabels>(series.labels);
  slot.ttl = series.ttl;
  slot.last_value = now_;
  slot.key = key_;
  return index;
}

/// False when the family is there and of another kind.
bool StatsdStore::find_or_make_family(const StatsdSeries& series, std::uint32_t& index) {
  const auto known = family_by_name_.find(series.family);
  if (known != family_by_name_.end()) {
    index = known->second;
    return families_[index].family->kind == series.kind;
  }
  if (free_families_.empty()) {
    free_families_.push_back(static_cast<std::uint32_t>(families_.size()));
    families_.emplace_back();
  }
  index = free_families_.back();
  free_families_.pop_back();
  families_[index].family = std::make_shared<const StatsdFamily>(StatsdFamily{
      series.family, std::string{series.help.empty() ? kDefaultHelp : series.help}, series.kind, series.buckets});
  family_by_name_.emplace(series.family, index);
  return true;
}

/// Adds where the sum stays finite: one absurd value must not make a counter useless for good.
bool StatsdStore::add_finite(double& sum, double more) {
  const double next = sum + more;
  if (std::isfinite(next)) {
    sum = next;
    return true;
  }
  lose(StatsdLoss::overflow, 1);
  return false;
}

void StatsdStore::update(Slot& slot, const StatsdMetric& metric, double scale) {
  slot.last_value = now_;
  switch (slot.kind) {
    case StatsdKind::counter:
      for (const auto& value : metric.values) {
        const double change = value.number * scale;
        if (change < 0) {
          lose(StatsdLoss::negative, 1);
        } else {
          add_finite(slot.value, change * metric.weight);
        }
      }
      return;
    case StatsdKind::gauge:
      for (const auto& value : metric.values) {
        const bool change = value.has_sign && settings_.gauge_sign == StatsdGaugeSign::delta;
        if (!change) slot.value = 0;
        add_finite(slot.value, value.number * scale);
      }
      return;
    case StatsdKind::histogram:
      for (const auto& value : metric.values) {
        const double scaled = value.number * scale;
        if (!add_finite(slot.value, scaled * metric.weight)) continue;
        const auto bound = std::lower_bound(slot.bounds->begin(), slot.bounds->end(), scaled);
        slot.counts[static_cast<std::size_t>(bound - slot.bounds->begin())] += metric.weight;
      }
      return;
    case StatsdKind::set:
      return add_member(slot, metric);
  }
}

void StatsdStore::add_member(Slot& slot, const StatsdMetric& metric) {
  const auto hash = std::hash<std::string_view>{}(metric.set_member);
  const auto known = slot.members->find(hash);
  if (known != slot.members->end()) {
    known->second = now_;
    return;
  }
  if (members_ >= settings_.set_cap && now_ - last_sweep_ >= kSweepPause) sweep(now_);
  if (members_ >= settings_.set_cap) return lose(StatsdLoss::set_cap, metric);
  slot.members->emplace(hash, now_);
  ++members_;
}

/// Lets go of series without a new value for their time to live, and of old members of sets.
void StatsdStore::sweep(Clock::time_point now) {
  last_sweep_ = now;
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    auto& slot = slots_[index];
    if (!slot.used) continue;
    if (slot.ttl.count() > 0 && now - slot.last_value > slot.ttl) {
      release(index);
      ++expired_;
    } else if (slot.members) {
      members_ -=
          std::erase_if(*slot.members, [&](const auto& member) { return now - member.second > settings_.set_window; });
    }
  }
}

void StatsdStore::release(std::uint32_t index) {
  auto& slot = slots_[index];
  auto& use = families_[slot.family];
  if (--use.series == 0) {
    family_by_name_.erase(use.family->name);
    use.family.reset();
    free_families_.push_back(slot.family);
  }
  by_key_.erase(slot.key);
  if (slot.members) members_ -= slot.members->size();
  const auto generation = slot.generation + 1;
  slot = Slot{};
  slot.generation = generation == 0 ? 1 : generation;
  free_slots_.push_back(index);
  --used_slots_;
}

void StatsdStore::snapshot(StatsdSnapshot& out, Clock::time_point now) {
  out.families.clear();
  out.series.clear();
  out.counts.clear();
  const std::lock_guard turn{turn_};
  const std::lock_guard data{data_};
  sweep(now);
  for (const auto& use : families_) out.families.push_back(use.family);
  for (const auto& slot : slots_) {
    if (!slot.used) continue;
    const double value = slot.kind == StatsdKind::set ? static_cast<double>(slot.members->size()) : slot.value;
    out.series.push_back({slot.family, value, out.counts.size(), slot.labels});
    out.counts.insert(out.counts.end(), slot.counts.begin(), slot.counts.end());
  }
  out.losses = losses_;
  out.expired = expired_;
  out.series_cap = settings_.series_cap;
  out.set_members = members_;
}

}  // namespace binnacle
