// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace binnacle {

/// One --web.listen-address, as written: "HOST:PORT", ":PORT" (every address) or "[IPV6]:PORT".
struct ListenAddress {
  std::string text;  ///< the whole of it, for messages
  std::string host;  ///< a name or an address, without brackets; empty = every address
  std::uint16_t port = 0;
};

/// Pure. Throws std::runtime_error with one line that names the address and what was expected.
ListenAddress parse_listen_address(std::string_view text);

/// An address that a socket can be bound to.
struct BindAddress {
  enum class Family { ipv4, ipv6, both };  ///< both: every address, IPv4 clients on an IPv6 socket

  Family family = Family::ipv4;
  std::string host;  ///< numeric; "::" for both
  std::uint16_t port = 0;

  /// "127.0.0.1:9100" or "[::1]:9100", with `actual_port` for the port.
  [[nodiscard]] std::string to_string(std::uint16_t actual_port) const;
};

/// Resolves a name (its IPv4 address first, as the incumbents do) and decides between IPv4 and both for "every
/// address": both where the kernel has IPv6 and `ipv6` allows it. Throws std::runtime_error: an unknown host, an
/// IPv6 address while `ipv6` is false.
BindAddress resolve_listen_address(const ListenAddress& address, bool ipv6);

/// Throws std::runtime_error in one line ("cannot listen on ...: address already in use") when a socket cannot be
/// bound there.
void check_can_bind(const BindAddress& address, const std::string& text);

}  // namespace binnacle
