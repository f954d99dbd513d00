// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace binnacle::system {

/// One line "name number" of /proc/vmstat or /proc/net/snmp6; the name is a view into the text.
struct NamedNumber {
  std::string_view name;
  double value = 0;
};

/// Reads such a text. Throws std::runtime_error, which starts with `file`, when it is empty or a line has no number.
std::vector<NamedNumber> parse_named_numbers(std::string_view text, std::string_view file);

}  // namespace binnacle::system
