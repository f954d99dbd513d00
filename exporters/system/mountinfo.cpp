// SPDX-License-Identifier: Apache-2.0
#include "mountinfo.h"

#include <initializer_list>
#include <stdexcept>

#include "core/text.h"

namespace binnacle::system {

namespace {

/// Whether the comma-separated `options` hold one of `names`.
bool has_option(std::string_view options, std::initializer_list<std::string_view> names) {
  while (!options.empty()) {
    const auto option = take_until(options, ',');
    for (const auto name : names) {
      if (option == name) return true;
    }
  }
  return false;
}

[[noreturn]] void malformed(std::size_t line_number, const std::string& expected, std::string_view got) {
  throw std::runtime_error("mountinfo: line " + std::to_string(line_number) + ": expected " + expected + ", got " +
                           quoted(got));
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue": the fields after the mount's
// options and before the dash are of any number. Fields may be empty, and are parted by exactly one blank.
Mount parse_line(std::string_view line, std::size_t line_number) {
  std::string_view rest = line;
  take_until(rest, ' ');  // the mount's id
  take_until(rest, ' ');  // its parent's id
  Mount mount;
  const auto number = take_until(rest, ' ');
  std::string_view minor = number;
  const auto major = take_until(minor, ':');
  if (!to_u64(major) || !to_u64(minor)) malformed(line_number, "a device number like 8:1 in the third field", number);
  mount.major = major;
  mount.minor = minor;
  take_until(rest, ' ');  // the part of the file system that is mounted
  mount.mount_point = unescape_octal(take_until(rest, ' '));
  if (mount.mount_point.empty()) malformed(line_number, "a mount point in the fifth field", line);
  const auto options = take_until(rest, ' ');
  while (!rest.empty() && !rest.starts_with("- ")) take_until(rest, ' ');
  if (rest.empty()) malformed(line_number, "\" - \" before the file system's type", line);
  take_until(rest, ' ');
  mount.fstype = take_until(rest, ' ');
  mount.device = take_until(rest, ' ');
  if (mount.fstype.empty() || rest.empty()) malformed(line_number, "type, source and options after \" - \"", line);
  mount.read_only = has_option(options, {"ro"}) || has_option(rest, {"ro", "emergency_ro"});
  return mount;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
  if (text.empty()) throw std::runtime_error("mountinfo: expected at least one mount, got nothing");
  std::vector<Mount> mounts;
  std::size_t line_number = 0;
  while (const auto line = next_line(text)) mounts.push_back(parse_line(*line, ++line_number));
  return mounts;
}

std::string unescape_octal(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string strip_rootfs(std::string_view mount_point, std::string_view rootfs) {
  if (rootfs != "/" && mount_point.starts_with(rootfs)) mount_point.remove_prefix(rootfs.size());
  return mount_point.empty() ? "/" : std::string{mount_point};
}

}  // namespace binnacle::system
