// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace binnacle::system {

/// The columns of /proc/net/stat/nf_conntrack that are reported.
inline constexpr std::array<std::string_view, 8> kConntrackColumns{
    "drop", "early_drop", "found", "ignore", "insert", "insert_failed", "invalid", "search_restart"};

/// The sum over all CPUs of each of these columns; nothing where the kernel does not have the column.
using ConntrackCounts = std::array<std::optional<std::uint64_t>, kConntrackColumns.size()>;

/// Reads that file's text: a line of names, then a line of hexadecimal numbers for each CPU. Columns are found by name:
/// kernels have renamed some. Throws std::runtime_error when there is no line of a CPU, or one has fewer numbers than
/// there are names, or something that is no number.
ConntrackCounts parse_conntrack_stat(std::string_view text);

}  // namespace binnacle::system
