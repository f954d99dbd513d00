// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/unique_fd.h"

namespace binnacle::system {

/// A device's folder in sysfs, of which many attributes are read: resolving its links once, and not for each file,
/// nearly halves what that costs.
class SysfsFolder {
 public:
  /// Opens the folder; see is_open() for whether there is one.
  explicit SysfsFolder(const std::string& path);

  [[nodiscard]] bool is_open() const;

  /// The text of an attribute without white space at its ends, valid until the next call; nothing when the device does
  /// not have the attribute or cannot tell it now. At most a page, which is all that sysfs gives.
  std::optional<std::string_view> read(const char* attribute);

 private:
  UniqueFd folder_;
  std::array<char, 4096> buffer_;
};

}  // namespace binnacle::system
