// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/test_families.h"
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

inline std::optional<double> fact_of(const Output& out, std::string_view name) {
  for (const auto& fact : out.facts) {
    if (fact.name == name) return fact.value;
  }
  return std::nullopt;
}

}  // namespace binnacle::system
