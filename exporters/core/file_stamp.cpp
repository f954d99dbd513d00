// SPDX-License-Identifier: Apache-2.0
#include "file_stamp.h"

#include <sys/stat.h>

namespace binnacle {

FileStamp file_stamp(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return {.exists = true,
          .device = info.st_dev,
          .inode = info.st_ino,
          .size = info.st_size,
          .modified_ns = info.st_mtim.tv_sec * kNanoseconds + info.st_mtim.tv_nsec,
          .changed_ns = info.st_ctim.tv_sec * kNanoseconds + info.st_ctim.tv_nsec};
}

}  // namespace binnacle
