// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// What the scheduler of one CPU has done since boot.
struct CpuSchedule {
  std::string_view cpu;  ///< its number, a view into the text
  std::uint64_t running_ns = 0;
  std::uint64_t waiting_ns = 0;
  std::uint64_t timeslices = 0;
};

/// Reads the lines of the CPUs in the text of /proc/schedstat. Throws std::runtime_error when there is none or when one
/// is cut.
std::vector<CpuSchedule> parse_schedstat(std::string_view text);

}  // namespace binnacle::system
