// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The text formats of control groups: pure functions. All throw std::runtime_error, which starts with `what` (the
/// file), when the text is cut or is no text of that form.
namespace binnacle::system {

/// A line of /proc/<pid>/cgroup: where the process is in one hierarchy.
struct CgroupMembership {
  std::vector<std::string> controllers;  ///< empty on v2; "name=systemd" for a v1 hierarchy without controllers
  std::string path;                      ///< as seen from the cgroup namespace: may start with /.. when outside of it
  [[nodiscard]] bool is_v2() const { return controllers.empty(); }
};

std::vector<CgroupMembership> parse_cgroup_memberships(std::string_view text, std::string_view what = "self/cgroup");

/// A mount of a cgroup file system, from /proc/<pid>/mountinfo.
struct CgroupMount {
  int version = 2;
  std::vector<std::string> controllers;  ///< of v1: the mount's options, which name its controllers
  std::string root;                      ///< the cgroup that shows at the mount point
  std::string point;
};

/// Only the mounts of type cgroup and cgroup2, in the file's order.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view text, std::string_view what = "self/mountinfo");

/// What is left of `path` below `root`, with a slash at its front: ("/a", "/a/b") is "/b"; equal paths give "/".
/// Nothing when `path` is not below `root`, or leaves it through "..".
std::optional<std::string> path_below(std::string_view root, std::string_view path);

/// The parent of a path: "/a/b" to "/a", "/a" to "/"; "" for "/".
std::string_view parent_path(std::string_view path);

using KeyValue = std::pair<std::string_view, std::uint64_t>;

/// "key value" lines (cpu.stat, memory.stat, memory.events) into `pairs`, which is cleared first.
void parse_flat_keyed(std::string_view text, std::string_view what, std::vector<KeyValue>& pairs);

/// A number, or nothing for "max".
std::optional<std::uint64_t> parse_limit(std::string_view text, std::string_view what);

/// v1's way: "-1", or the largest number of whole pages, means that there is no limit.
std::optional<std::uint64_t> parse_v1_limit(std::string_view text, std::string_view what);
/// The same for a number that is read already.
std::optional<std::uint64_t> v1_limit(std::uint64_t number);

/// cpu.max ("200000 100000") as cores; nothing for "max".
std::optional<double> parse_cpu_max(std::string_view text, std::string_view what);

/// How many CPUs a list like "0-3,8" names; 0 for an empty one.
std::uint64_t count_cpus(std::string_view text, std::string_view what);

/// What one block device did for a cgroup. Unset where the kernel does not say.
struct DeviceIo {
  std::string device;  ///< "8:0"
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
  std::optional<std::uint64_t> discarded_bytes;
  std::optional<std::uint64_t> reads;
  std::optional<std::uint64_t> writes;
  std::optional<std::uint64_t> discards;
};

/// v2's io.stat. Devices without counters are left out; some kernels put them on one line with the next device.
std::vector<DeviceIo> parse_io_stat(std::string_view text, std::string_view what);

/// v1's blkio.throttle.io_service_bytes (`operations` false) or io_serviced (true), merged into `devices`.
void parse_blkio(std::string_view text, std::string_view what, bool operations, std::vector<DeviceIo>& devices);

}  // namespace binnacle::system
