// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "families.h"

namespace binnacle {

/// Adds series that have some labels in common, which come first. The labels' texts must live as long as this.
class LabelledSeries {
 public:
  LabelledSeries(std::initializer_list<LabelView> common) : labels_(common), common_(common.size()) {}
  explicit LabelledSeries(std::vector<LabelView> common) : labels_(std::move(common)), common_(labels_.size()) {}

  void add(Family family, double value) { add(family, {}, value); }
  void add(Family family, std::initializer_list<LabelView> more, double value) {
    with(more);
    family.add(labels_, value);
  }
  /// A histogram or a summary.
  void add(Family family, prometheus::ClientMetric metric) { add(family, {}, std::move(metric)); }
  void add(Family family, std::initializer_list<LabelView> more, prometheus::ClientMetric metric) {
    with(more);
    for (const auto& [name, value] : labels_) metric.label.push_back({std::string{name}, std::string{value}});
    family.add(std::move(metric));
  }

 private:
  void with(std::initializer_list<LabelView> more) {
    labels_.resize(common_);
    labels_.insert(labels_.end(), more.begin(), more.end());
  }

  std::vector<LabelView> labels_;
  std::size_t common_;
};

}  // namespace binnacle
