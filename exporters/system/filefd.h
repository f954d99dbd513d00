// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace binnacle::system {

/// Open files of the whole machine, and how many there may be.
struct FileHandles {
  double allocated = 0;
  double maximum = 0;
};

/// Reads the text of /proc/sys/fs/file-nr. Throws std::runtime_error when one of its three numbers is missing or none.
FileHandles parse_file_nr(std::string_view text);

}  // namespace binnacle::system
