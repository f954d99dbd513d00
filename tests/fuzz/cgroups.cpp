// SPDX-License-Identifier: Apache-2.0
// The files of control groups, v1 and v2.
#include <string>

#include "fuzz.h"
#include "system/cgroup_text.h"
#include "system/cgroup_tree.h"
#include "system/psi.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle::fuzz;
  using namespace binnacle::system;
  const auto text = as_text(data, size);
  accepts([&] {
    for (const auto& membership : parse_cgroup_memberships(text)) {
      // A path has fewer parents than bytes.
      std::string_view path = membership.path;
      for (std::size_t i = 0; !path.empty(); ++i) {
        require(i <= membership.path.size(), "the way to the top ends");
        path = parent_path(path);
      }
    }
  });
  accepts([&] {
    for (const auto& mount : parse_cgroup_mounts(text)) {
      require(mount.version == 1 || mount.version == 2, "there are two versions");
      path_below(mount.root, text);
    }
  });
  path_below(text, "/a/b");
  path_below("/", text);
  std::vector<KeyValue> pairs;
  accepts([&] { parse_flat_keyed(text, "cpu.stat", pairs); });
  accepts([&] { parse_limit(text, "memory.max"); });
  accepts([&] { parse_v1_limit(text, "memory.limit_in_bytes"); });
  accepts([&] {
    if (const auto cores = parse_cpu_max(text, "cpu.max")) require(*cores >= 0, "a limit is not negative");
  });
  accepts([&] { count_cpus(text, "cpuset.cpus"); });
  std::vector<DeviceIo> devices;
  accepts([&] { devices = parse_io_stat(text, "io.stat"); });
  accepts([&] { parse_blkio(text, "blkio.throttle.io_serviced", true, devices); });
  accepts([&] { parse_blkio(text, "blkio.throttle.io_service_bytes", false, devices); });
  accepts([&] { parse_psi(text, "cpu.pressure"); });
  accepts([&] { check_cgroup_pattern(std::string{text}); });
  return 0;
}
