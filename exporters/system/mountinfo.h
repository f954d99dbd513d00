// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// One mount: a line of /proc/<pid>/mountinfo.
struct Mount {
  /// What is mounted, as the kernel writes it (with its octal escapes): a device, a share, "none".
  std::string device;
  /// Where, without the kernel's octal escapes.
  std::string mount_point;
  std::string fstype;
  std::string major;
  std::string minor;
  /// Of the mount or of what is mounted, also when the kernel made it so after an error.
  bool read_only = false;

  bool operator==(const Mount&) const = default;
};

/// Reads the text of mountinfo. Throws std::runtime_error that names the line and what was expected, also for no text
/// at all.
std::vector<Mount> parse_mountinfo(std::string_view text);

/// The kernel's escapes (\040 for a blank) undone. What is no escape stays as it is.
std::string unescape_octal(std::string_view text);

/// A mount point as the host sees it, when the host's root is mounted at `rootfs`.
std::string strip_rootfs(std::string_view mount_point, std::string_view rootfs);

}  // namespace binnacle::system
