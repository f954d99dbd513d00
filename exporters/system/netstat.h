// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace binnacle::system {

/// A table of /proc/net/netstat or snmp, which is two lines: "Tcp: Name Name ..." and "Tcp: 1 2 ...". Views into the
/// text.
struct NetTable {
  std::string_view protocol;
  std::string_view names;
  std::string_view values;
};

/// Splits such a text into its tables. Throws std::runtime_error, which starts with `file`, when it is empty or a line
/// of names is not followed by the same protocol's values.
std::vector<NetTable> parse_net_tables(std::string_view text, std::string_view file);

}  // namespace binnacle::system
