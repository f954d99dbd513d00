// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "paths.h"

namespace binnacle::system {

/// Reads a list of CPUs as /sys/devices/system/cpu/online has it: "0-3,8". An empty text is an empty list. Throws
/// std::runtime_error when it has another form, or a number that no CPU can have.
std::vector<std::uint32_t> parse_cpu_list(std::string_view text);

/// Where the times that a core or a package was throttled for heat can be read.
struct ThrottleCounter {
  std::string package;
  /// Empty for a package's own counter.
  std::string core;
  std::string path;
};

/// The CPUs of /sys/devices/system/cpu that are there, online or not.
struct CpuTopology {
  std::vector<std::uint32_t> cpus;
  /// Whether CPUs can be taken offline here: the first has a file `online`.
  bool hotplug = false;
  /// One a core and one a package, though each of their threads has a copy.
  std::vector<ThrottleCounter> core_throttles;
  std::vector<ThrottleCounter> package_throttles;
};

/// Looks at each CPU's folder. Nothing in it is required.
CpuTopology read_cpu_topology(const Paths& paths);

}  // namespace binnacle::system
