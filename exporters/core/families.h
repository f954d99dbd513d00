// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace binnacle {

/// A label's name and value, borrowed for the time of one call.
using LabelView = std::pair<std::string_view, std::string_view>;

class Families;

/// Adds series to one metric family. A cheap handle: copy it freely, use it while its Families lives.
class Family {
 public:
  /// Adds a series. `value` is in the base unit that the family's name ends with.
  void add(double value) { add(std::span<const LabelView>{}, value); }
  void add(std::initializer_list<LabelView> labels, double value) {
    add(std::span<const LabelView>{labels.begin(), labels.size()}, value);
  }
  void add(std::span<const LabelView> labels, double value);

  /// Adds a histogram or a summary as it is; `metric.label` is taken over.
  void add(prometheus::ClientMetric metric);

 private:
  friend class Families;
  Family(Families& owner, std::size_t index) : owner_(&owner), index_(index) {}
  Families* owner_;
  std::size_t index_;
};

/// A metric family as one collector made it.
class CollectedFamily {
 public:
  std::string name;
  std::string help;
  prometheus::MetricType type = prometheus::MetricType::Untyped;

  [[nodiscard]] std::span<const prometheus::ClientMetric> series() const { return {metrics_.data(), used_}; }

 private:
  friend class Families;
  friend class Family;
  prometheus::ClientMetric& next();
  void drop_most_unused();

  std::vector<prometheus::ClientMetric> metrics_;
  std::size_t used_ = 0;  // those behind are of an earlier run, and lend their memory
};

/// Families to iterate over.
class FamilyRange {
 public:
  using Iterator = std::deque<CollectedFamily>::const_iterator;
  FamilyRange(const Iterator& first, std::size_t size) : first_(first), size_(size) {}

  [[nodiscard]] Iterator begin() const { return first_; }
  [[nodiscard]] Iterator end() const { return first_ + static_cast<std::ptrdiff_t>(size_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const CollectedFamily& front() const { return *first_; }
  const CollectedFamily& operator[](std::size_t index) const { return first_[static_cast<std::ptrdiff_t>(index)]; }

 private:
  Iterator first_;
  std::size_t size_;
};

/// The metric families that one run of one collector makes, in the order of their first use.
///
/// Asking for a family twice gives the same family; its first type and HELP stay. Series beyond the cap are
/// dropped and counted, so that one runaway source cannot make a scrape unreadable. Where `target` is given, each
/// series gets it as its label `target`.
class Families {
 public:
  explicit Families(std::size_t series_cap = kDefaultSeriesCap, std::string target = {})
      : series_cap_(series_cap), target_(std::move(target)) {}
  Families(Families&&) = default;
  Families& operator=(Families&&) = default;
  Families(const Families&) = delete;
  Families& operator=(const Families&) = delete;
  ~Families() = default;

  Family gauge(std::string_view name, std::string_view help) {
    return family(name, help, prometheus::MetricType::Gauge);
  }
  Family counter(std::string_view name, std::string_view help) {
    return family(name, help, prometheus::MetricType::Counter);
  }
  /// For numbers whose type the incumbent leaves open, and that must stay so to be a drop-in.
  Family untyped(std::string_view name, std::string_view help) {
    return family(name, help, prometheus::MetricType::Untyped);
  }
  Family histogram(std::string_view name, std::string_view help) {
    return family(name, help, prometheus::MetricType::Histogram);
  }
  Family family(std::string_view name, std::string_view help, prometheus::MetricType type);

  /// In the order of their first use.
  [[nodiscard]] FamilyRange all() const { return {families_.begin(), used_}; }
  [[nodiscard]] std::size_t series() const { return series_; }
  [[nodiscard]] std::size_t dropped_over_cap() const { return dropped_; }

  /// Empties it for the next run of the same collector. What it has allocated stays, as far as the next run makes the
  /// same families in the same order.
  void reset();

  static constexpr std::size_t kDefaultSeriesCap = 50'000;

 private:
  friend class Family;
  bool take_slot();
  void forget_from(std::size_t first);

  std::deque<CollectedFamily> families_;  // never moves its elements: by_name_ borrows their names
  std::size_t used_ = 0;                  // families behind are of an earlier run
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::size_t series_cap_;
  std::string target_;
  std::size_t series_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace binnacle
