// SPDX-License-Identifier: Apache-2.0
#include "cgroup_tree.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <stdexcept>

#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

namespace {

constexpr std::array<std::string_view, 6> kV1Controllers{"cpu", "cpuacct", "cpuset", "memory", "pids", "blkio"};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_below(std::string_view folder, std::string_view path) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

bool is_wanted(const CgroupMount& mount) {
  return mount.version == 2 ||
         std::any_of(kV1Controllers.begin(), kV1Controllers.end(),
                     [&](std::string_view controller) { return contains(mount.controllers, controller); });
}

/// Whether the mount shows what one of these shows already: v2, or a controller of v1.
bool is_among(const std::vector<CgroupHierarchy>& found, const CgroupMount& mount) {
  return std::any_of(found.begin(), found.end(), [&](const CgroupHierarchy& hierarchy) {
    if (mount.version == 2 || hierarchy.version == 2) return mount.version == hierarchy.version;
    return std::any_of(kV1Controllers.begin(), kV1Controllers.end(), [&](std::string_view controller) {
      return hierarchy.has(controller) && contains(mount.controllers, controller);
    });
  });
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<std::string> subfolders(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir(path.c_str()), ::closedir};
  if (!folder) return names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name{entry->d_name};
    if (name == "." || name == "..") continue;
    if (entry->d_type == DT_DIR || (entry->d_type == DT_UNKNOWN && is_directory(path + '/' + std::string{name}))) {
      names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> parts_of(std::string_view pattern) {
  std::vector<std::string> parts;
  while (!pattern.empty()) {
    const auto part = take_until(pattern, '/');
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

class Finder {
 public:
  Finder(const CgroupHierarchy& hierarchy, std::size_t most_folders)
      : hierarchy_(hierarchy), folders_left_(most_folders) {}

  void look(const std::string& path, std::span<const std::string> parts) {
    if (parts.empty()) {
      found_.push_back(path.empty() ? "/" : path);
      return;
    }
    const bool any_depth = parts.front() == "**";
    if (any_depth) look(path, parts.subspan(1));
    if (folders_left_ == 0) return;
    --folders_left_;
    for (const auto& name : subfolders(hierarchy_.folder + path)) {
      auto child = path;
      child.append("/").append(name);
      if (any_depth) {
        look(child, parts);
      } else if (::fnmatch(parts.front().c_str(), name.c_str(), 0) == 0) {
        look(child, parts.subspan(1));
      }
    }
  }

  std::vector<std::string> take() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  const CgroupHierarchy& hierarchy_;
  std::size_t folders_left_;
  std::vector<std::string> found_;
};

}  // namespace

bool CgroupHierarchy::has(std::string_view controller) const { return contains(controllers, controller); }

std::string CgroupHierarchy::folder_of(std::string_view path) const {
  return path == "/" ? folder : folder + std::string{path};
}

std::vector<CgroupHierarchy> locate_hierarchies(const std::vector<CgroupMount>& mounts, const std::string& sysfs) {
  std::string_view sys = sysfs;
  while (sys.ends_with('/')) sys.remove_suffix(1);
  // A container that sees the host's sysfs elsewhere has mounts there, by that name. Where there are none, mountinfo is
  // another machine's record, and its /sys is ours by another name.
  const bool recorded =
      std::none_of(mounts.begin(), mounts.end(), [&](const auto& m) { return is_below(sys, m.point); });
  struct Candidate {
    const CgroupMount* mount;
    std::string folder;
  };
  std::vector<Candidate> preferred;
  std::vector<Candidate> others;
  for (const auto& mount : mounts) {
    if (recorded && is_below("/sys", mount.point)) {
      preferred.push_back({&mount, std::string{sys} + mount.point.substr(std::string_view{"/sys"}.size())});
    } else if (is_below(sys, mount.point)) {
      preferred.push_back({&mount, mount.point});
    } else {
      others.push_back({&mount, mount.point});
    }
  }
  preferred.insert(preferred.end(), others.begin(), others.end());

  std::vector<CgroupHierarchy> found;
  for (const auto& candidate : preferred) {
    const CgroupMount& mount = *candidate.mount;
    if (is_wanted(mount) && !is_among(found, mount) && exists(candidate.folder)) {
      found.push_back({mount.version, mount.controllers, candidate.folder, mount.root});
    }
  }
  std::stable_partition(found.begin(), found.end(), [](const auto& hierarchy) { return hierarchy.version == 1; });
  if (!found.empty() && found.back().version == 2) {
    auto& v2 = found.back();
    for (const auto controller : kV1Controllers) {
      if (std::none_of(found.begin(), found.end(), [&](const auto& h) { return h.has(controller); })) {
        v2.controllers.emplace_back(controller);
      }
    }
  }
  return found;
}

std::optional<std::string> self_path(const CgroupHierarchy& hierarchy,
                                     const std::vector<CgroupMembership>& memberships) {
  for (const auto& membership : memberships) {
    const bool same = hierarchy.version == 2
                          ? membership.is_v2()
                          : std::any_of(membership.controllers.begin(), membership.controllers.end(),
                                        [&](const auto& controller) { return hierarchy.has(controller); });
    if (!same) continue;
    auto path = path_below(hierarchy.root, membership.path);
    if (path && exists(hierarchy.folder_of(*path))) return path;
    return std::nullopt;
  }
  return std::nullopt;
}

void check_cgroup_pattern(const std::string& pattern) {
  if (!pattern.starts_with('/')) {
    throw std::runtime_error("--collector.cgroup.include: expected a path that starts with /, got " + quoted(pattern));
  }
  for (const auto& part : parts_of(pattern)) {
    if (part == "." || part == "..") {
      throw std::runtime_error("--collector.cgroup.include: a path may not contain \".\" or \"..\": " +
                               quoted(pattern));
    }
  }
}

std::vector<std::string> matching_cgroups(const CgroupHierarchy& hierarchy, const std::string& pattern,
                                          std::size_t most_folders) {
  const auto parts = parts_of(pattern);
  Finder finder{hierarchy, most_folders};
  finder.look("", parts);
  return finder.take();
}

}  // namespace binnacle::system
