// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "cgroup_sample.h"

/// Which file of a cgroup's folder, and which key in it, stands for which value.
namespace binnacle::system::cgroup_files {

using Value = CgroupValue;

// Numbers are divided by their scale: multiplying by 1e-6 would not give the nearest double.
inline constexpr double kMicro = 1e6;
inline constexpr double kNano = 1e9;
inline constexpr double kTick = 100;  ///< cpuacct.stat counts in USER_HZ, which is 100 everywhere

/// A file with one number.
struct NumberFile {
  std::string_view file;
  Value value;
  double scale;
};

/// A file with one number, or a word for "no limit".
struct LimitFile {
  std::string_view file;
  Value value;
};

/// A key in a file of "key value" lines.
struct KeyTarget {
  std::string_view key;
  Value value;
  double scale;
};

/// A memory.stat key that is a number of bytes, and the type that it is shown as.
struct StatType {
  std::string_view key;
  std::string_view type;
};

inline constexpr NumberFile kV2MemoryNumbers[] = {
    {"memory.current", Value::memory_usage, 1},
    {"memory.peak", Value::memory_peak, 1},
    {"memory.swap.current", Value::swap_usage, 1},
    {"memory.zswap.current", Value::zswap_usage, 1},
};
inline constexpr LimitFile kV2MemoryLimits[] = {
    {"memory.max", Value::memory_limit}, {"memory.high", Value::memory_high},    {"memory.low", Value::memory_low},
    {"memory.min", Value::memory_min},   {"memory.swap.max", Value::swap_limit},
};
inline constexpr NumberFile kV1MemoryNumbers[] = {
    {"memory.usage_in_bytes", Value::memory_usage, 1},
    {"memory.max_usage_in_bytes", Value::memory_peak, 1},
    {"memory.failcnt", Value::memory_limit_hits, 1},
};
inline constexpr NumberFile kCpuWeight[] = {{"cpu.weight", Value::cpu_weight, 1}};
inline constexpr NumberFile kCpuShares[] = {{"cpu.shares", Value::cpu_shares, 1}};
inline constexpr NumberFile kCpuacctUsage[] = {{"cpuacct.usage", Value::cpu_usage, kNano}};
inline constexpr NumberFile kPidsNumbers[] = {{"pids.current", Value::pids, 1}, {"pids.peak", Value::pids_peak, 1}};
inline constexpr LimitFile kPidsLimits[] = {{"pids.max", Value::pids_limit}};
inline constexpr KeyTarget kV2CpuStat[] = {
    {"usage_usec", Value::cpu_usage, kMicro},
    {"user_usec", Value::cpu_user, kMicro},
    {"system_usec", Value::cpu_system, kMicro},
    {"nr_periods", Value::cpu_periods, 1},
    {"nr_throttled", Value::cpu_throttled_periods, 1},
    {"throttled_usec", Value::cpu_throttled, kMicro},
    {"nr_bursts", Value::cpu_bursts, 1},
    {"burst_usec", Value::cpu_burst, kMicro},
};
inline constexpr KeyTarget kV1CpuStat[] = {
    {"nr_periods", Value::cpu_periods, 1},           {"nr_throttled", Value::cpu_throttled_periods, 1},
    {"throttled_time", Value::cpu_throttled, kNano}, {"nr_bursts", Value::cpu_bursts, 1},
    {"burst_time", Value::cpu_burst, kNano},
};
inline constexpr KeyTarget kV1CpuacctStat[] = {{"user", Value::cpu_user, kTick}, {"system", Value::cpu_system, kTick}};
inline constexpr KeyTarget kPidsEvents[] = {{"max", Value::pids_limit_hits, 1}};
inline constexpr KeyTarget kCgroupStat[] = {
    {"nr_descendants", Value::descendants, 1},
    {"nr_dying_descendants", Value::dying_descendants, 1},
};
inline constexpr KeyTarget kV2MemoryCounters[] = {
    {"pgfault", Value::page_faults, 1},
    {"pgmajfault", Value::major_page_faults, 1},
    {"pgscan", Value::pages_scanned, 1},
    {"pgsteal", Value::pages_stolen, 1},
};
inline constexpr KeyTarget kV1MemoryCounters[] = {
    {"total_pgfault", Value::page_faults, 1},
    {"total_pgmajfault", Value::major_page_faults, 1},
    {"total_swap", Value::swap_usage, 1},
};
inline constexpr StatType kV2MemoryStat[] = {
    {"anon", "anon"},
    {"file", "file"},
    {"kernel", "kernel"},
    {"kernel_stack", "kernel_stack"},
    {"pagetables", "pagetables"},
    {"percpu", "percpu"},
    {"sock", "sock"},
    {"vmalloc", "vmalloc"},
    {"shmem", "shmem"},
    {"zswap", "zswap"},
    {"zswapped", "zswapped"},
    {"file_mapped", "file_mapped"},
    {"file_dirty", "file_dirty"},
    {"file_writeback", "file_writeback"},
    {"swapcached", "swapcached"},
    {"anon_thp", "anon_thp"},
    {"inactive_anon", "inactive_anon"},
    {"active_anon", "active_anon"},
    {"inactive_file", "inactive_file"},
    {"active_file", "active_file"},
    {"unevictable", "unevictable"},
    {"slab_reclaimable", "slab_reclaimable"},
    {"slab_unreclaimable", "slab_unreclaimable"},
    {"slab", "slab"},
};
inline constexpr StatType kV1MemoryStat[] = {
    {"total_rss", "anon"},
    {"total_cache", "file"},
    {"total_shmem", "shmem"},
    {"total_mapped_file", "file_mapped"},
    {"total_dirty", "file_dirty"},
    {"total_writeback", "file_writeback"},
    {"total_swapcached", "swapcached"},
    {"total_rss_huge", "anon_thp"},
    {"total_inactive_anon", "inactive_anon"},
    {"total_active_anon", "active_anon"},
    {"total_inactive_file", "inactive_file"},
    {"total_active_file", "active_file"},
    {"total_unevictable", "unevictable"},
};
inline constexpr StatType kV2Refaults[] = {
    {"workingset_refault_anon", "anon"},
    {"workingset_refault_file", "file"},
    {"workingset_refault", "file"},  // before Linux 5.9, when only the page cache was counted
};
inline constexpr StatType kV1Refaults[] = {
    {"total_workingset_refault_anon", "anon"},
    {"total_workingset_refault_file", "file"},
    {"total_workingset_refault", "file"},
};

struct PressureFile {
  std::string_view file;
  Value waiting;
  Value stalled;
};
inline constexpr PressureFile kPressure[] = {
    {"cpu.pressure", Value::cpu_waiting, Value::cpu_stalled},
    {"memory.pressure", Value::memory_waiting, Value::memory_stalled},
    {"io.pressure", Value::io_waiting, Value::io_stalled},
    {"irq.pressure", Value::count, Value::irq_stalled},  // the kernel tells `full` only
};

}  // namespace binnacle::system::cgroup_files
