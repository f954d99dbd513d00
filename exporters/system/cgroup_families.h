// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cgroup_sample.h"
#include "core/families.h"

namespace binnacle::system {

/// Turns samples into the node_cgroup_* families. A value that is unset makes no series.
class CgroupFamilies {
 public:
  /// `devices` is the folder whose links tell a device's name from its number, /sys/dev/block.
  CgroupFamilies(Families& families, std::string devices) : families_(families), devices_(std::move(devices)) {}

  void add(std::string_view path, bool is_self, const CgroupSample& sample);
  /// `dropped` is the number of cgroups left out because of the cap.
  void finish(std::size_t dropped);

 private:
  void add_memory(std::string_view path, const CgroupSample& sample);
  void add_io(std::string_view path, const CgroupSample& sample);
  const std::string& device_name(const std::string& number);

  Families& families_;
  std::string devices_;
  std::unordered_map<std::string, std::string> device_names_;
  std::array<std::optional<Family>, static_cast<std::size_t>(CgroupValue::count)> value_families_;
};

}  // namespace binnacle::system
