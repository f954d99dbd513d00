// SPDX-License-Identifier: Apache-2.0
#include "cgroup_families.h"

#include <optional>

#include "core/file.h"

namespace binnacle::system {

namespace {

enum class Kind { counter, gauge };

struct ValueFamily {
  CgroupValue value;
  Kind kind;
  std::string_view name;
  std::string_view help;
};

using Value = CgroupValue;

constexpr ValueFamily kValueFamilies[] = {
    {Value::cpu_usage, Kind::counter, "node_cgroup_cpu_usage_seconds_total",
     "CPU time used, from cpu.stat (v1: cpuacct.usage)."},
    {Value::cpu_user, Kind::counter, "node_cgroup_cpu_user_seconds_total",
     "CPU time used in user mode, from cpu.stat (v1: cpuacct.stat)."},
    {Value::cpu_system, Kind::counter, "node_cgroup_cpu_system_seconds_total",
     "CPU time used in the kernel, from cpu.stat (v1: cpuacct.stat)."},
    {Value::cpu_periods, Kind::counter, "node_cgroup_cpu_periods_total",
     "Periods in which the CPU quota was enforced, from cpu.stat."},
    {Value::cpu_throttled_periods, Kind::counter, "node_cgroup_cpu_throttled_periods_total",
     "Periods in which the CPU quota ran out, from cpu.stat."},
    {Value::cpu_throttled, Kind::counter, "node_cgroup_cpu_throttled_seconds_total",
     "Time for which tasks were held back by the CPU quota, summed over CPUs, from cpu.stat."},
    {Value::cpu_bursts, Kind::counter, "node_cgroup_cpu_bursts_total",
     "Periods in which saved up quota was used, from cpu.stat."},
    {Value::cpu_burst, Kind::counter, "node_cgroup_cpu_burst_seconds_total",
     "CPU time used beyond the quota out of what was saved up, from cpu.stat."},
    {Value::cpu_limit, Kind::gauge, "node_cgroup_cpu_limit_cores",
     "CPU quota as a number of cores, from cpu.max (v1: cpu.cfs_quota_us and cpu.cfs_period_us). Absent without a "
     "quota."},
    {Value::cpu_effective_limit, Kind::gauge, "node_cgroup_cpu_effective_limit_cores",
     "The smallest CPU quota of the cgroup and its visible ancestors, in cores. Absent where none has a quota."},
    {Value::cpu_weight, Kind::gauge, "node_cgroup_cpu_weight",
     "Share of CPU time against siblings, 1 to 10000, from cpu.weight (v2)."},
    {Value::cpu_shares, Kind::gauge, "node_cgroup_cpu_shares",
     "Share of CPU time against siblings, from cpu.shares (v1)."},
    {Value::cpuset_cpus, Kind::gauge, "node_cgroup_cpuset_cpus",
     "Number of CPUs that tasks may run on, from cpuset.cpus.effective (v1: cpuset.effective_cpus)."},
    {Value::memory_usage, Kind::gauge, "node_cgroup_memory_usage_bytes",
     "Memory in use with the page cache, from memory.current (v1: memory.usage_in_bytes)."},
    {Value::memory_working_set, Kind::gauge, "node_cgroup_memory_working_set_bytes",
     "Memory in use without the inactive page cache, which can be reclaimed: usage less inactive_file of memory.stat."},
    {Value::memory_peak, Kind::gauge, "node_cgroup_memory_peak_bytes",
     "Most memory ever in use, from memory.peak (v1: memory.max_usage_in_bytes)."},
    {Value::memory_limit, Kind::gauge, "node_cgroup_memory_limit_bytes",
     "Memory beyond which the OOM killer acts, from memory.max (v1: memory.limit_in_bytes). Absent without a limit."},
    {Value::memory_effective_limit, Kind::gauge, "node_cgroup_memory_effective_limit_bytes",
     "The smallest memory limit of the cgroup and its visible ancestors (v1: hierarchical_memory_limit of "
     "memory.stat). "
     "Absent where none has a limit."},
    {Value::memory_high, Kind::gauge, "node_cgroup_memory_high_bytes",
     "Memory beyond which tasks are slowed down and reclaimed from, from memory.high (v2). Absent without a limit."},
    {Value::memory_low, Kind::gauge, "node_cgroup_memory_low_bytes",
     "Memory that is spared while others can be reclaimed from, from memory.low (v2)."},
    {Value::memory_min, Kind::gauge, "node_cgroup_memory_min_bytes",
     "Memory that is never reclaimed, from memory.min (v2)."},
    {Value::memory_limit_hits, Kind::counter, "node_cgroup_memory_limit_hits_total",
     "How often memory use ran into the limit, from memory.failcnt (v1)."},
    {Value::swap_usage, Kind::gauge, "node_cgroup_memory_swap_usage_bytes",
     "Swap in use, from memory.swap.current (v1: swap of memory.stat)."},
    {Value::swap_limit, Kind::gauge, "node_cgroup_memory_swap_limit_bytes",
     "Limit of swap, from memory.swap.max (v2). Absent without a limit."},
    {Value::zswap_usage, Kind::gauge, "node_cgroup_memory_zswap_usage_bytes",
     "Memory that holds compressed swap, from memory.zswap.current (v2)."},
    {Value::page_faults, Kind::counter, "node_cgroup_memory_page_faults_total", "Page faults, from memory.stat."},
    {Value::major_page_faults, Kind::counter, "node_cgroup_memory_major_page_faults_total",
     "Page faults that had to read from disk, from memory.stat."},
    {Value::pages_scanned, Kind::counter, "node_cgroup_memory_pages_scanned_total",
     "Pages looked at by reclaim, pgscan of memory.stat (v2)."},
    {Value::pages_stolen, Kind::counter, "node_cgroup_memory_pages_stolen_total",
     "Pages freed by reclaim, pgsteal of memory.stat (v2)."},
    {Value::cpu_waiting, Kind::counter, "node_cgroup_pressure_cpu_waiting_seconds_total",
     "Time in which some tasks waited for a CPU, from cpu.pressure."},
    {Value::cpu_stalled, Kind::counter, "node_cgroup_pressure_cpu_stalled_seconds_total",
     "Time in which no task got a CPU, from cpu.pressure."},
    {Value::memory_waiting, Kind::counter, "node_cgroup_pressure_memory_waiting_seconds_total",
     "Time in which some tasks waited for memory, from memory.pressure."},
    {Value::memory_stalled, Kind::counter, "node_cgroup_pressure_memory_stalled_seconds_total",
     "Time in which all tasks waited for memory, from memory.pressure."},
    {Value::io_waiting, Kind::counter, "node_cgroup_pressure_io_waiting_seconds_total",
     "Time in which some tasks waited for I/O, from io.pressure."},
    {Value::io_stalled, Kind::counter, "node_cgroup_pressure_io_stalled_seconds_total",
     "Time in which all tasks waited for I/O, from io.pressure."},
    {Value::irq_stalled, Kind::counter, "node_cgroup_pressure_irq_stalled_seconds_total",
     "Time in which all tasks were held up by interrupts, from irq.pressure."},
    {Value::pids, Kind::gauge, "node_cgroup_pids", "Processes and threads, from pids.current."},
    {Value::pids_limit, Kind::gauge, "node_cgroup_pids_limit",
     "Limit of processes and threads, from pids.max. Absent without a limit."},
    {Value::pids_effective_limit, Kind::gauge, "node_cgroup_pids_effective_limit",
     "The smallest limit of processes and threads of the cgroup and its visible ancestors. Absent where none has one."},
    {Value::pids_peak, Kind::gauge, "node_cgroup_pids_peak",
     "Most processes and threads there ever were, from pids.peak."},
    {Value::pids_limit_hits, Kind::counter, "node_cgroup_pids_limit_hits_total",
     "How often a fork failed because of the limit of processes, from pids.events."},
    {Value::descendants, Kind::gauge, "node_cgroup_descendants", "Cgroups below this one, from cgroup.stat."},
    {Value::dying_descendants, Kind::gauge, "node_cgroup_dying_descendants",
     "Cgroups below this one that are removed but still hold memory, from cgroup.stat."},
};
static_assert(std::size(kValueFamilies) == static_cast<std::size_t>(Value::count));

struct IoFamily {
  std::optional<std::uint64_t> DeviceIo::*member;
  std::string_view name;
  std::string_view help;
};

constexpr IoFamily kIoFamilies[] = {
    {&DeviceIo::read_bytes, "node_cgroup_io_read_bytes_total",
     "Bytes read from a device, from io.stat (v1: blkio.throttle.io_service_bytes)."},
    {&DeviceIo::written_bytes, "node_cgroup_io_written_bytes_total",
     "Bytes written to a device, from io.stat (v1: blkio.throttle.io_service_bytes)."},
    {&DeviceIo::discarded_bytes, "node_cgroup_io_discarded_bytes_total",
     "Bytes discarded on a device, from io.stat (v1: blkio.throttle.io_service_bytes)."},
    {&DeviceIo::reads, "node_cgroup_io_reads_completed_total",
     "Reads from a device, from io.stat (v1: blkio.throttle.io_serviced)."},
    {&DeviceIo::writes, "node_cgroup_io_writes_completed_total",
     "Writes to a device, from io.stat (v1: blkio.throttle.io_serviced)."},
    {&DeviceIo::discards, "node_cgroup_io_discards_completed_total",
     "Discards on a device, from io.stat (v1: blkio.throttle.io_serviced)."},
};

}  // namespace

void CgroupFamilies::add(std::string_view path, bool is_self, const CgroupSample& sample) {
  auto info = families_.gauge("node_cgroup_info",
                              "1 for a cgroup that is reported. cgroup: its path below the mount; version: that of the "
                              "hierarchy; self: whether the exporter runs in it, by /proc/self/cgroup.");
  const std::string_view self = is_self ? "true" : "false";
  if (sample.in_v1) info.add({{"cgroup", path}, {"version", "1"}, {"self", self}}, 1);
  if (sample.in_v2) info.add({{"cgroup", path}, {"version", "2"}, {"self", self}}, 1);
  for (const auto& [value, kind, name, help] : kValueFamilies) {
    const auto number = sample.get(value);
    if (!number) continue;
    auto& family = value_families_[static_cast<std::size_t>(value)];
    if (!family) family = kind == Kind::counter ? families_.counter(name, help) : families_.gauge(name, help);
    family->add({{"cgroup", path}}, *number);
  }
  add_memory(path, sample);
  add_io(path, sample);
}

void CgroupFamilies::add_memory(std::string_view path, const CgroupSample& sample) {
  const auto add = [&](auto family, std::string_view label, const auto& pairs) {
    for (const auto& [key, number] : pairs) family.add({{"cgroup", path}, {label, key}}, number);
  };
  if (!sample.memory_stat.empty()) {
    add(families_.gauge("node_cgroup_memory_stat_bytes",
                        "Memory by what it is used for, from memory.stat. Types overlap."),
        "type", sample.memory_stat);
  }
  if (!sample.workingset_refaults.empty()) {
    add(families_.counter("node_cgroup_memory_workingset_refaults_total",
                          "Pages that were needed again soon after reclaim took them, from memory.stat."),
        "type", sample.workingset_refaults);
  }
  if (!sample.memory_events.empty()) {
    add(families_.counter(
            "node_cgroup_memory_events_total",
            "How often memory limits acted on the cgroup or one below it, from memory.events (v1: oom_kill of "
            "memory.oom_control, of the cgroup alone)."),
        "event", sample.memory_events);
  }
  if (!sample.memory_local_events.empty()) {
    add(families_.counter("node_cgroup_memory_local_events_total",
                          "How often memory limits acted on the cgroup itself, from memory.events.local (v2)."),
        "event", sample.memory_local_events);
  }
}

void CgroupFamilies::add_io(std::string_view path, const CgroupSample& sample) {
  for (const auto& device : sample.io) {
    const auto& name = device_name(device.device);
    for (const auto& family : kIoFamilies) {
      if (const auto& number = device.*family.member) {
        families_.counter(family.name, family.help)
            .add({{"cgroup", path}, {"device", name}}, static_cast<double>(*number));
      }
    }
  }
}

const std::string& CgroupFamilies::device_name(const std::string& number) {
  const auto [entry, added] = device_names_.try_emplace(number);
  if (added) {
    const auto link = try_read_link(devices_ + '/' + number);
    entry->second = link ? link->substr(link->rfind('/') + 1) : number;
  }
  return entry->second;
}

void CgroupFamilies::finish(std::size_t dropped) {
  families_
      .gauge("node_cgroup_dropped_cgroups",
             "Cgroups that --collector.cgroup.include matched and --collector.cgroup.max left out of this scrape.")
      .add(static_cast<double>(dropped));
}

}  // namespace binnacle::system
