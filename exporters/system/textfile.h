// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace binnacle::system {

/// The folders that a --collector.textfile.directory stands for: what a pattern matches, sorted, or else the text
/// itself.
std::vector<std::string> expand_directory(const std::string& directory);

/// A path without doubled slashes, `.` elements and slashes at its end.
std::string tidy_path(const std::string& path);

}  // namespace binnacle::system
