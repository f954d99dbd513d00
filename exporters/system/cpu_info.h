// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// One processor of /proc/cpuinfo. The views point into its text; what a platform does not tell is empty.
struct CpuInfo {
  std::string_view cpu;
  std::string_view package;
  std::string_view core;
  std::string_view vendor;
  std::string_view family;
  std::string_view model;
  std::string_view model_name;
  std::string_view microcode;
  std::string_view stepping;
  std::string_view cache_size;
  /// Separated by blanks.
  std::string_view flags;
  std::string_view bugs;
  std::optional<double> mhz;
};

/// Reads the text of /proc/cpuinfo as x86, ARM, RISC-V, POWER and LoongArch write it. Throws std::runtime_error when it
/// has no line `processor : <number>` or when a clock is no number.
std::vector<CpuInfo> parse_cpu_info(std::string_view text);

}  // namespace binnacle::system
