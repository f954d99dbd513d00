// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/collector.h"
#include "paths.h"

namespace binnacle::system {

/// A folder with procfs, sysfs and a root of a test's own making, gone when the test ends.
class TestTree {
 public:
  TestTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "binnacle-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
    for (const auto* name : {"proc", "sys", "root", "udev"}) std::filesystem::create_directory(folder_ / name);
    paths.procfs = (folder_ / "proc").string();
    paths.sysfs = (folder_ / "sys").string();
    paths.rootfs = (folder_ / "root").string();
    paths.udev_data = (folder_ / "udev").string();
  }
  ~TestTree() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;

  /// Writes a file, with its folders: write("proc/stat", "...").
  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream{folder_ / name, std::ios::binary} << text;
  }
  void make_folder(const std::string& name) const { std::filesystem::create_directories(folder_ / name); }
  void remove(const std::string& name) const { std::filesystem::remove_all(folder_ / name); }

  Paths paths;

 private:
  std::filesystem::path folder_;
};

/// Runs a collector once.
inline Output collect_once(Collector& collector) {
  Output out;
  collector.collect({.deadline = Clock::now() + std::chrono::seconds{10}}, out);
  return out;
}

inline const CollectedFamily* find_family(const Output& out, std::string_view name) {
  const auto all = out.families.all();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& family) { return family.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// The value of the series with exactly these labels, in this order; nothing when there is no such series.
inline std::optional<double> value_of(const Output& out, std::string_view name,
                                      const std::vector<std::pair<std::string, std::string>>& labels = {}) {
  const auto* family = find_family(out, name);
  if (family == nullptr) return std::nullopt;
  for (const auto& metric : family->series()) {
    const bool same = std::equal(metric.label.begin(), metric.label.end(), labels.begin(), labels.end(),
                                 [](const auto& label, const auto& wanted) {
                                   return label.name == wanted.first && label.value == wanted.second;
                                 });
    if (!same) continue;
    switch (family->type) {
      case prometheus::MetricType::Counter:
        return metric.counter.value;
      case prometheus::MetricType::Gauge:
        return metric.gauge.value;
      default:
        return metric.untyped.value;
    }
  }
  return std::nullopt;
}

/// The number of series of a family.
inline std::size_t series_of(const Output& out, std::string_view name) {
  const auto* family = find_family(out, name);
  return family == nullptr ? 0 : family->series().size();
}

inline std::optional<double> fact_of(const Output& out, std::string_view name) {
  for (const auto& fact : out.facts) {
    if (fact.name == name) return fact.value;
  }
  return std::nullopt;
}

}  // namespace binnacle::system
