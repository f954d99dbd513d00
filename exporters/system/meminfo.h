// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// One line of /proc/meminfo.
struct MemoryField {
  /// As the kernel writes it, a view into the text: "Active(anon)".
  std::string_view name;
  /// Bytes, or a number of huge pages.
  std::uint64_t value = 0;
  bool bytes = false;
};

/// Reads the text of /proc/meminfo. Throws std::runtime_error when it is empty, or when a line has no number or another
/// unit than kB.
std::vector<MemoryField> parse_meminfo(std::string_view text);

/// The metric's name for a field: Active(anon) in bytes is node_memory_Active_anon_bytes.
std::string meminfo_metric(std::string_view name, bool bytes);

}  // namespace binnacle::system
