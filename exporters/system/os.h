// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::system {

/// Reads an os-release file: KEY=value lines, values quoted as a shell would have them. Lines of another form are
/// passed over, as its readers do. Throws std::runtime_error when no line is left.
std::map<std::string, std::string, std::less<>> parse_os_release(std::string_view text);

/// The major.minor at the front of a version ("12", "20.04.2") as a number; nothing when it starts with none.
std::optional<double> parse_os_version(std::string_view version);

/// The start of a day "2026-06-30" (UTC) in seconds since 1970; nothing when it is no date.
std::optional<double> parse_date(std::string_view date);

}  // namespace binnacle::system
