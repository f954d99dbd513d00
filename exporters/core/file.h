// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle {

inline constexpr std::size_t kFileLimit = std::size_t{16} << 20U;

/// Reads a whole file of /proc, /sys or disk. Throws std::system_error whose text names the file.
/// A file larger than `limit` bytes is an error: no /proc file that we read comes near it.
std::string read_file(const std::string& path, std::size_t limit = kFileLimit);

/// As read_file, into `buffer`, whose capacity is used again. Returns a view of what was read.
std::string_view read_file(const std::string& path, std::string& buffer, std::size_t limit = kFileLimit);

/// As read_file, but nothing when the file is absent, unreadable or gone while it was read (ENOENT, ENOTDIR,
/// EACCES, EPERM, ENODEV, EINVAL, EIO, ENXIO, ESRCH, EAGAIN, EOPNOTSUPP): what sysfs does for attributes that a device
/// lacks.
std::optional<std::string_view> try_read_file(const std::string& path, std::string& buffer,
                                              std::size_t limit = kFileLimit);

/// As try_read_file, the text without white space at its ends.
std::optional<std::string> try_read_line(const std::string& path);

/// The names in a folder, sorted; without "." and "..". Throws std::system_error.
std::vector<std::string> list_directory(const std::string& path);
/// As list_directory; nothing when there is no such folder or it may not be read.
std::optional<std::vector<std::string>> try_list_directory(const std::string& path);

/// Where a symbolic link points; nothing when `path` is none.
std::optional<std::string> try_read_link(const std::string& path);

bool exists(const std::string& path);

}  // namespace binnacle
