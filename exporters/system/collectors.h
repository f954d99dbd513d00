// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "core/collector.h"
#include "paths.h"

namespace binnacle::system {

class ProcessGroups;

/// The table of all collectors, in the order in which a scrape runs them. `paths` and `groups` must outlive them; flags
/// may still change the paths until the collectors are started.
std::vector<CollectorEntry> make_collectors(const Paths& paths, ProcessGroups& groups);

std::unique_ptr<Collector> make_cgroup(const Paths& paths);
std::unique_ptr<Collector> make_conntrack(const Paths& paths);
std::unique_ptr<Collector> make_cpu(const Paths& paths);
std::unique_ptr<Collector> make_diskstats(const Paths& paths);
std::unique_ptr<Collector> make_entropy(const Paths& paths);
std::unique_ptr<Collector> make_filefd(const Paths& paths);
std::unique_ptr<Collector> make_filesystem(const Paths& paths);
std::unique_ptr<Collector> make_hwmon(const Paths& paths);
std::unique_ptr<Collector> make_loadavg(const Paths& paths);
std::unique_ptr<Collector> make_mdadm(const Paths& paths);
std::unique_ptr<Collector> make_meminfo(const Paths& paths);
std::unique_ptr<Collector> make_netclass(const Paths& paths);
std::unique_ptr<Collector> make_netdev(const Paths& paths);
std::unique_ptr<Collector> make_netstat(const Paths& paths);
std::unique_ptr<Collector> make_nvme(const Paths& paths);
std::unique_ptr<Collector> make_os(const Paths& paths);
std::unique_ptr<Collector> make_pressure(const Paths& paths);
std::unique_ptr<Collector> make_process_groups(const Paths& paths, ProcessGroups& groups);
std::unique_ptr<Collector> make_processes(const Paths& paths);
std::unique_ptr<Collector> make_schedstat(const Paths& paths);
std::unique_ptr<Collector> make_sockstat(const Paths& paths);
std::unique_ptr<Collector> make_softnet(const Paths& paths);
std::unique_ptr<Collector> make_stat(const Paths& paths);
std::unique_ptr<Collector> make_textfile(const Paths& paths);
std::unique_ptr<Collector> make_thermal_zone(const Paths& paths);
std::unique_ptr<Collector> make_time(const Paths& paths);
std::unique_ptr<Collector> make_timex(const Paths& paths);
std::unique_ptr<Collector> make_uname(const Paths& paths);
std::unique_ptr<Collector> make_vmstat(const Paths& paths);

}  // namespace binnacle::system
