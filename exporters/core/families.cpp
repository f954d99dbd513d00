// SPDX-License-Identifier: Apache-2.0
#include "families.h"

namespace binnacle {

namespace {

/// So many unused series of a family keep their memory in any case.
constexpr std::size_t kSeriesKept = 64;

void set_value(prometheus::ClientMetric& metric, prometheus::MetricType type, double value) {
  switch (type) {
    case prometheus::MetricType::Counter:
      metric.counter.value = value;
      break;
    case prometheus::MetricType::Gauge:
      metric.gauge.value = value;
      break;
    default:
      metric.untyped.value = value;
  }
}

}  // namespace

prometheus::ClientMetric& CollectedFamily::next() {
  if (used_ == metrics_.size()) metrics_.emplace_back();
  return metrics_[used_++];
}

/// After a flood of series, most of its memory goes back.
void CollectedFamily::drop_most_unused() {
  if (metrics_.size() > 2 * used_ + kSeriesKept) {
    metrics_.resize(used_);
    metrics_.shrink_to_fit();
  }
}

Family Families::family(std::string_view name, std::string_view help, prometheus::MetricType type) {
  const bool expected = used_ < families_.size() && families_[used_].name == name;
  if (!expected) {
    const auto known = by_name_.find(name);
    if (known != by_name_.end() && known->second < used_) return Family{*this, known->second};
    forget_from(used_);
    families_.emplace_back().name = name;
    by_name_.emplace(families_.back().name, used_);
  }
  auto& made = families_[used_];
  made.help = help;
  made.type = type;
  made.used_ = 0;
  return Family{*this, used_++};
}

/// Drops the families of an earlier run that this one does not make, or not at this place.
void Families::forget_from(std::size_t first) {
  while (families_.size() > first) {
    by_name_.erase(families_.back().name);
    families_.pop_back();
  }
}

void Families::reset() {
  forget_from(used_);
  for (auto& family : families_) family.drop_most_unused();
  used_ = series_ = dropped_ = 0;
}

bool Families::take_slot() {
  if (series_ >= series_cap_) {
    ++dropped_;
    return false;
  }
  ++series_;
  return true;
}

void Family::add(std::span<const LabelView> labels, double value) {
  if (!owner_->take_slot()) return;
  auto& family = owner_->families_[index_];
  auto& metric = family.next();
  const bool has_target = !owner_->target_.empty();
  metric.label.resize(labels.size() + (has_target ? 1 : 0));
  auto label = metric.label.begin();
  const auto set_label = [&](std::string_view name, std::string_view text) {
    label->name = name;
    label->value = text;
    ++label;
  };
  if (has_target) set_label("target", owner_->target_);
  for (const auto& [name, text] : labels) set_label(name, text);
  set_value(metric, family.type, value);
  metric.timestamp_ms = 0;
}

void Family::add(prometheus::ClientMetric metric) {
  if (!owner_->take_slot()) return;
  if (!owner_->target_.empty()) metric.label.insert(metric.label.begin(), {"target", owner_->target_});
  owner_->families_[index_].next() = std::move(metric);
}

}  // namespace binnacle
