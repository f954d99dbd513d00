// SPDX-License-Identifier: Apache-2.0
#include "textfile_labels.h"

#include <algorithm>
#include <set>
#include <utility>

namespace binnacle::system {

namespace {

using Labels = std::vector<prometheus::ClientMetric::Label>;

constexpr std::size_t kAddedLabelsLimit = 500'000;

bool same_names(const Labels& a, const Labels& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name; });
}

/// Both are sorted, and `names` has all names of `labels`.
void fill(Labels& labels, const std::set<std::string>& names) {
  Labels filled;
  filled.reserve(names.size());
  auto next = labels.begin();
  for (const auto& name : names) {
    if (next != labels.end() && next->name == name) {
      filled.push_back(std::move(*next++));
    } else {
      filled.push_back({name, {}});
    }
  }
  labels = std::move(filled);
}

}  // namespace

void fill_missing_labels(TextFamily& family) {
  const auto& first = family.series.front().metric.label;
  if (std::all_of(family.series.begin(), family.series.end(),
                  [&](const auto& series) { return same_names(series.metric.label, first); })) {
    return;
  }
  std::set<std::string> names;
  for (const auto& series : family.series) {
    for (const auto& label : series.metric.label) names.insert(label.name);
  }
  std::size_t missing = 0;
  for (const auto& series : family.series) missing += names.size() - series.metric.label.size();
  if (missing > kAddedLabelsLimit) {
    throw TextfileError{family.series.front().line, "expected the series of " + family.name +
                                                        " to have the same labels, got " +
                                                        std::to_string(names.size()) + " different ones"};
  }
  for (auto& series : family.series) fill(series.metric.label, names);
}

}  // namespace binnacle::system
