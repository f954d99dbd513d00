// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace binnacle {

/// Where a server listens: a host and a port, or the path of a unix socket.
struct Address {
  std::string host;  ///< a name or an address, IPv6 without brackets; empty for a unix socket
  int port = 0;
  std::string path;

  /// "host:port", "[::1]:port" or the path: for names and messages.
  [[nodiscard]] std::string name() const;

  bool operator==(const Address&) const = default;
};

/// Reads "host", "host:port", "[v6]:port", "/path" or "unix:///path". Throws std::runtime_error with one line that
/// does not repeat the text, since a password may be in it by mistake.
Address parse_address(std::string_view text, int default_port);

}  // namespace binnacle
