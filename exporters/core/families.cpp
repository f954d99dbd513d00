// SPDX-License-Identifier: Apache-2.0
#include "families.h"

namespace binnacle {

namespace {

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

Family Families::family(std::string_view name, std::string_view help, prometheus::MetricType type) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) return Family{*this, known->second};
  auto& made = families_.emplace_back();
  made.name = name;
  made.help = help;
  made.type = type;
  by_name_.emplace(made.name, families_.size() - 1);
  return Family{*this, families_.size() - 1};
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
  auto& metric = family.metric.emplace_back();
  metric.label.reserve(labels.size() + (owner_->target_.empty() ? 0 : 1));
  if (!owner_->target_.empty()) metric.label.push_back({"target", owner_->target_});
  for (const auto& [name, text] : labels) {
    metric.label.push_back({std::string{name}, std::string{text}});
  }
  set_value(metric, family.type, value);
}

void Family::add(prometheus::ClientMetric metric) {
  if (!owner_->take_slot()) return;
  if (!owner_->target_.empty()) metric.label.insert(metric.label.begin(), {"target", owner_->target_});
  owner_->families_[index_].metric.push_back(std::move(metric));
}

}  // namespace binnacle
