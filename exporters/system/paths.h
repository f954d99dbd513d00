// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace binnacle::system {

/// Where the kernel's file systems are mounted: other folders in a container that sees the host's, and in tests.
struct Paths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";
  std::string udev_data = "/run/udev/data";

  [[nodiscard]] std::string proc(std::string_view name) const { return join(procfs, name); }
  [[nodiscard]] std::string sys(std::string_view name) const { return join(sysfs, name); }
  [[nodiscard]] std::string root(std::string_view name) const { return join(rootfs, name); }
  [[nodiscard]] std::string udev(std::string_view name) const { return join(udev_data, name); }

 private:
  static std::string join(const std::string& folder, std::string_view name) {
    std::string path = folder;
    if (!path.ends_with('/')) path += '/';
    while (name.starts_with('/')) name.remove_prefix(1);
    return path.append(name);
  }
};

}  // namespace binnacle::system
