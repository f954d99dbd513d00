// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// One number of /proc/net/sockstat or sockstat6; the names are views into the text.
struct SocketCount {
  std::string_view protocol;  ///< "TCP", "UDP6"; "sockets" for the sum
  std::string_view name;      ///< "inuse", "mem" (pages), "memory" (bytes)
  std::uint64_t value = 0;
};

/// Reads such a text. Throws std::runtime_error, which starts with `file`, when it is empty, a line is no
/// "protocol: name number ..." or a number is none.
std::vector<SocketCount> parse_sockstat(std::string_view text, std::string_view file);

}  // namespace binnacle::system
