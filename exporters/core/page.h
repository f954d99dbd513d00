// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "families.h"

namespace binnacle {

/// A family as it goes out: its series may come from several collectors.
struct PageFamily {
  std::string_view name;
  std::string_view help;
  prometheus::MetricType type = prometheus::MetricType::Untyped;
  std::span<const prometheus::ClientMetric* const> series;
};

/// Series that were left out of a page, so that one bad series never fails a scrape.
struct Dropped {
  std::size_t duplicate = 0;  ///< the same name and labels stood there already
  std::size_t malformed = 0;  ///< a bad name, a label twice, or another type than the family has
};

/// What one scrape answers: families sorted by name, each series once, every name and label valid.
/// Label values that are no UTF-8 have U+FFFD in place of each bad byte.
class Page {
 public:
  /// Merges the families of several sources; the first that names a family sets its type and HELP. `dropped`, when
  /// given, becomes one entry a source.
  explicit Page(std::vector<std::shared_ptr<const Families>> sources, std::vector<Dropped>* dropped = nullptr);

  [[nodiscard]] const std::vector<PageFamily>& families() const { return families_; }
  [[nodiscard]] std::size_t series() const { return series_.size(); }

 private:
  std::vector<std::shared_ptr<const Families>> sources_;
  std::deque<prometheus::ClientMetric> repaired_;
  std::vector<const prometheus::ClientMetric*> series_;  // of all families, one after another
  std::vector<PageFamily> families_;
};

}  // namespace binnacle
