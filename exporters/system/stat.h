// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// The vectors of soft interrupts in the order in which /proc/stat has them.
inline constexpr std::array<std::string_view, 10> kSoftirqVectors{
    "hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu"};

/// What /proc/stat tells of the whole machine; counters are since boot.
struct KernelStat {
  std::uint64_t interrupts = 0;
  std::uint64_t context_switches = 0;
  std::uint64_t forks = 0;
  std::uint64_t boot_time = 0;  ///< seconds since 1970
  std::uint64_t procs_running = 0;
  std::uint64_t procs_blocked = 0;
  /// One a vector, as many as the kernel wrote and kSoftirqVectors names.
  std::vector<std::uint64_t> softirqs;
};

/// Reads the text of /proc/stat, without the lines of the CPUs. Throws std::runtime_error that names the line when one
/// is missing (softirq may be) or its number is none.
KernelStat parse_stat(std::string_view text);

}  // namespace binnacle::system
