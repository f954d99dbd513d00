// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroup_text.h"
#include "cgroup_tree.h"

namespace binnacle::system {

/// The single numbers of a cgroup, in the order in which their families are shown. Seconds, bytes and cores.
enum class CgroupValue : std::size_t {
  cpu_usage,
  cpu_user,
  cpu_system,
  cpu_periods,
  cpu_throttled_periods,
  cpu_throttled,
  cpu_bursts,
  cpu_burst,
  cpu_limit,
  cpu_effective_limit,
  cpu_weight,
  cpu_shares,
  cpuset_cpus,
  memory_usage,
  memory_working_set,
  memory_peak,
  memory_limit,
  memory_effective_limit,
  memory_high,
  memory_low,
  memory_min,
  memory_limit_hits,
  swap_usage,
  swap_limit,
  zswap_usage,
  page_faults,
  major_page_faults,
  pages_scanned,
  pages_stolen,
  cpu_waiting,
  cpu_stalled,
  memory_waiting,
  memory_stalled,
  io_waiting,
  io_stalled,
  irq_stalled,
  pids,
  pids_limit,
  pids_effective_limit,
  pids_peak,
  pids_limit_hits,
  descendants,
  dying_descendants,
  count,
};

/// What the kernel says of one cgroup, merged over the hierarchies that have it. Unset where it does not say.
struct CgroupSample {
  [[nodiscard]] std::optional<double> get(CgroupValue value) const { return values[static_cast<std::size_t>(value)]; }
  void set(CgroupValue value, double number) { values[static_cast<std::size_t>(value)] = number; }
  void set(CgroupValue value, std::optional<double> number) { values[static_cast<std::size_t>(value)] = number; }

  std::array<std::optional<double>, static_cast<std::size_t>(CgroupValue::count)> values;
  std::vector<std::pair<std::string_view, double>> memory_stat;          ///< type, bytes
  std::vector<std::pair<std::string_view, double>> workingset_refaults;  ///< "anon" or "file", pages
  std::vector<std::pair<std::string, double>> memory_events;
  std::vector<std::pair<std::string, double>> memory_local_events;
  std::vector<DeviceIo> io;
  /// v1's own sum over all ancestors, seen or not. The outer is unset where the kernel has none (v2).
  std::optional<std::optional<double>> hierarchical_memory_limit;
  bool in_v1 = false;
  bool in_v2 = false;
  /// Whether a hierarchy that manages this resource has a cgroup of this path.
  bool manages_cpu = false;
  bool manages_memory = false;
  bool manages_pids = false;
};

/// Adds to `sample` what the hierarchy has for `path`, without replacing what another one said. A file that is absent,
/// unreadable or of another form leaves its values unset. Returns whether the hierarchy has such a cgroup.
bool read_cgroup(const CgroupHierarchy& hierarchy, std::string_view path, CgroupSample& sample, std::string& buffer);

}  // namespace binnacle::system
