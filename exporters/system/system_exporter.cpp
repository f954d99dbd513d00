// SPDX-License-Identifier: Apache-2.0
#include "system_exporter.h"

#include "collectors.h"
#include "core/flags.h"

namespace binnacle::system {

SystemExporter::SystemExporter() {
  for (auto& row : make_collectors(paths_, process_groups_)) {
    kinds_.push_back({row.name, row.enabled_by_default, row.help});
    host_->collectors.push_back({row.name, std::move(row.collector)});
  }
}

ExporterInfo SystemExporter::info() const {
  return {"system-exporter", "Metrics of this host and this container, under node_exporter's names.", "node", ":9100"};
}

std::vector<CollectorKind> SystemExporter::collectors() const { return kinds_; }

std::vector<HealthRule> SystemExporter::health_rules() const {
  // A 0/1 fact has its critical value out of reach: it degrades the host, it does not make it unhealthy.
  return {
      // fact, collector, warn, critical, weight
      {"memory_available_ratio", "meminfo", 0.10, 0.03, 3},
      {"memory_pressure_ratio", "pressure", 0.05, 0.30, 3},
      {"cpu_pressure_ratio", "pressure", 0.40, 0.80, 2},
      {"io_pressure_ratio", "pressure", 0.20, 0.60, 2},
      {"filesystem_used_ratio", "filesystem", 0.85, 0.95, 3},
      {"inodes_used_ratio", "filesystem", 0.85, 0.95, 2},
      {"filesystem_stuck", "filesystem", 1, 2, 2},
      {"raid_degraded", "mdadm", 1, 2, 2},
      {"file_descriptors_used_ratio", "filefd", 0.80, 0.95, 2},
      {"conntrack_used_ratio", "conntrack", 0.80, 0.95, 2},
      {"clock_unsynchronised", "timex", 1, 2, 1},
      {"clock_offset_seconds", "timex", 0.05, 1, 1},
      {"cgroup_memory_used_ratio", "cgroup", 0.90, 0.98, 3},
      {"cgroup_cpu_throttled_ratio", "cgroup", 0.25, 0.75, 2},
      {"cgroup_pids_used_ratio", "cgroup", 0.80, 0.95, 2},
  };
}

void SystemExporter::add_flags(Flags& flags) {
  flags.group("Paths");
  flags.add("path.procfs", paths_.procfs, "Where procfs is mounted.");
  flags.add("path.sysfs", paths_.sysfs, "Where sysfs is mounted.");
  flags.add("path.rootfs", paths_.rootfs, "Where the host's root is mounted; this prefix is taken off mount points.");
  flags.add("path.udev.data", paths_.udev_data, "Where udev keeps its data.");
  flags.group("Collector options");
  for (auto& entry : host_->collectors) entry.collector->add_flags(flags);
}

void SystemExporter::start(const std::function<bool(const std::string& collector)>& enabled) {
  for (auto& entry : host_->collectors) {
    if (enabled(entry.name)) entry.collector->start();
  }
}

std::function<void()> SystemExporter::load(YamlMap& config) {
  return [this, groups = ProcessGroups::parse(config)] { process_groups_.set(groups); };
}

std::vector<std::shared_ptr<Target>> SystemExporter::targets() { return {host_}; }

}  // namespace binnacle::system
