// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <system_error>

#include "text.h"
#include "unique_fd.h"

namespace binnacle {

namespace {

constexpr std::size_t kFirstRead = 4096;

/// What a file says when the thing behind it is not there, or does not have this attribute.
constexpr std::array kAbsent{ENOENT, ENOTDIR, EACCES, EPERM, ENODEV, EINVAL, EIO, ENXIO, ESRCH, EAGAIN, EOPNOTSUPP};

bool means_absent(int error) { return std::find(kAbsent.begin(), kAbsent.end(), error) != kAbsent.end(); }

/// The number of bytes read into `buffer`, or a negative errno.
ssize_t read_into(const std::string& path, std::string& buffer, std::size_t limit) {
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!file) return -errno;
  if (buffer.size() < kFirstRead) buffer.resize(std::max(kFirstRead, buffer.capacity()));
  std::size_t used = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data() + used, buffer.size() - used);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    used += static_cast<std::size_t>(got);
    if (got == 0) break;
    if (used > limit) return -EFBIG;
    if (used == buffer.size()) buffer.resize(buffer.size() * 2);
  }
  return static_cast<ssize_t>(used);
}

std::optional<std::vector<std::string>> list(const std::string& path, int& error) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir(path.c_str()), ::closedir};
  if (!folder) {
    error = errno;
    return std::nullopt;
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name{entry->d_name};
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string_view read_file(const std::string& path, std::string& buffer, std::size_t limit) {
  const ssize_t size = read_into(path, buffer, limit);
  if (size < 0) throw std::system_error(static_cast<int>(-size), std::generic_category(), path);
  return std::string_view{buffer}.substr(0, static_cast<std::size_t>(size));
}

std::string read_file(const std::string& path, std::size_t limit) {
  std::string buffer;
  const std::size_t size = read_file(path, buffer, limit).size();
  buffer.resize(size);
  return buffer;
}

std::optional<std::string_view> try_read_file(const std::string& path, std::string& buffer, std::size_t limit) {
  const ssize_t size = read_into(path, buffer, limit);
  if (size >= 0) return std::string_view{buffer}.substr(0, static_cast<std::size_t>(size));
  if (means_absent(static_cast<int>(-size))) return std::nullopt;
  throw std::system_error(static_cast<int>(-size), std::generic_category(), path);
}

std::optional<std::string> try_read_line(const std::string& path) {
  std::string buffer;
  const auto text = try_read_file(path, buffer);
  if (!text) return std::nullopt;
  return std::string{trim(*text)};
}

std::vector<std::string> list_directory(const std::string& path) {
  int error = 0;
  auto names = list(path, error);
  if (!names) throw std::system_error(error, std::generic_category(), path);
  return *std::move(names);
}

std::optional<std::vector<std::string>> try_list_directory(const std::string& path) {
  int error = 0;
  return list(path, error);
}

std::optional<std::string> try_read_link(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return std::nullopt;
  return std::string{target.data(), static_cast<std::size_t>(size)};
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace binnacle
