// SPDX-License-Identifier: Apache-2.0
#include "sysfs_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "core/text.h"

namespace binnacle::system {

// The buffer is left as it is: only what a read has filled is ever looked at.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
SysfsFolder::SysfsFolder(const std::string& path) : folder_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

bool SysfsFolder::is_open() const { return static_cast<bool>(folder_); }

std::optional<std::string_view> SysfsFolder::read(const char* attribute) {
  const UniqueFd file{::openat(folder_.get(), attribute, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file) return std::nullopt;
  ssize_t size = -1;
  do {
    size = ::read(file.get(), buffer_.data(), buffer_.size());
  } while (size < 0 && errno == EINTR);
  if (size < 0) return std::nullopt;
  return trim({buffer_.data(), static_cast<std::size_t>(size)});
}

}  // namespace binnacle::system
