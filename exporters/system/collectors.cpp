// SPDX-License-Identifier: Apache-2.0
#include "collectors.h"

namespace binnacle::system {

std::vector<CollectorEntry> make_collectors(const Paths& paths, ProcessGroups& groups) {
  constexpr bool kOn = true;
  constexpr bool kOff = false;
  std::vector<CollectorEntry> table;
  const auto add = [&](const char* name, bool enabled, const char* help, std::unique_ptr<Collector> collector) {
    table.push_back({name, enabled, help, std::move(collector)});
  };
  add("cgroup", kOn, "Limits, usage, throttling, pressure and events of this container's cgroup and its ancestors.",
      make_cgroup(paths));
  add("conntrack", kOn, "Connection tracking entries and their limit.", make_conntrack(paths));
  add("cpu", kOn, "CPU time by mode.", make_cpu(paths));
  add("diskstats", kOn, "Disk I/O.", make_diskstats(paths));
  add("entropy", kOn, "Available entropy.", make_entropy(paths));
  add("filefd", kOn, "Open file handles and their limit.", make_filefd(paths));
  add("filesystem", kOn, "Filesystem space and inodes; never waits for a hung mount.", make_filesystem(paths));
  add("hwmon", kOn, "Sensors: temperatures, fans, voltages.", make_hwmon(paths));
  add("loadavg", kOn, "Load averages.", make_loadavg(paths));
  add("mdadm", kOn, "Software RAID.", make_mdadm(paths));
  add("meminfo", kOn, "Memory.", make_meminfo(paths));
  add("netclass", kOn, "Network interfaces: state, speed, MTU.", make_netclass(paths));
  add("netdev", kOn, "Network traffic, errors and drops.", make_netdev(paths));
  add("netstat", kOn, "TCP, UDP, IP and ICMP counters.", make_netstat(paths));
  add("nvme", kOn, "NVMe devices.", make_nvme(paths));
  add("os", kOn, "Name and version of the distribution.", make_os(paths));
  add("pressure", kOn, "Pressure stall information.", make_pressure(paths));
  add("process_groups", kOn, "CPU, memory, files and threads of the process groups that the config names.",
      make_process_groups(paths, groups));
  add("processes", kOff, "Processes and threads by state; reads every process.", make_processes(paths));
  add("schedstat", kOn, "Scheduler statistics by CPU.", make_schedstat(paths));
  add("sockstat", kOn, "Sockets in use.", make_sockstat(paths));
  add("softnet", kOn, "Packets processed and dropped by the kernel's receive path.", make_softnet(paths));
  add("stat", kOn, "Boot time, forks, interrupts, context switches, processes.", make_stat(paths));
  add("textfile", kOn, "Your own metrics, from *.prom files.", make_textfile(paths));
  add("thermal_zone", kOn, "Thermal zones and cooling devices.", make_thermal_zone(paths));
  add("time", kOn, "System time and clock source.", make_time(paths));
  add("timex", kOn, "Clock synchronisation.", make_timex(paths));
  add("uname", kOn, "Kernel and host name.", make_uname(paths));
  add("vmstat", kOn, "Paging, swapping and OOM kills.", make_vmstat(paths));
  return table;
}

}  // namespace binnacle::system
