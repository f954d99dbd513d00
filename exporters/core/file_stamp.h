// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace binnacle {

/// What tells one state of a file from another without reading it. Symbolic links are followed, so that a file
/// behind a link that was swapped (as Kubernetes does for mounted secrets) has another stamp.
struct FileStamp {
  bool exists = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;  ///< of the content
  std::int64_t changed_ns = 0;   ///< of the inode: cannot be set back, unlike modified_ns

  bool operator==(const FileStamp&) const = default;
};

/// The stamp of a file; one with exists = false when it cannot be looked at. Costs one stat().
FileStamp file_stamp(const std::string& path);

}  // namespace binnacle
