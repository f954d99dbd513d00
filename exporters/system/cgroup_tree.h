// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup_text.h"

namespace binnacle::system {

/// A mounted tree of control groups: the one of v2, or one of v1 with its controllers.
struct CgroupHierarchy {
  int version = 2;
  std::vector<std::string> controllers;  ///< by v1's names; of v2 those that no v1 hierarchy holds
  std::string folder;                    ///< where its top is on disk
  std::string root;                      ///< the cgroup that this top is, as /proc/self/mountinfo names it

  [[nodiscard]] bool has(std::string_view controller) const;
  [[nodiscard]] std::string folder_of(std::string_view path) const;
};

/// The hierarchies that can be read: one for each v1 controller that we report, then at most one of v2. `sysfs` stands
/// for /sys where mountinfo names mounts below /sys. Mounts whose folder does not exist are passed over.
std::vector<CgroupHierarchy> locate_hierarchies(const std::vector<CgroupMount>& mounts, const std::string& sysfs);

/// Where a process with these memberships is below the hierarchy's top; nothing when it is not below it, as for a
/// process outside of the cgroup namespace that made the mount.
std::optional<std::string> self_path(const CgroupHierarchy& hierarchy,
                                     const std::vector<CgroupMembership>& memberships);

/// Checks a pattern of --collector.cgroup.include. Throws std::runtime_error with one line.
void check_cgroup_pattern(const std::string& pattern);

/// The cgroups of one hierarchy whose path matches a pattern, sorted. `*`, `?` and `[]` stay within a path's part; a
/// part
/// `**` stands for any number of parts. Looks into no more than `most_folders` folders.
std::vector<std::string> matching_cgroups(const CgroupHierarchy& hierarchy, const std::string& pattern,
                                          std::size_t most_folders);

}  // namespace binnacle::system
