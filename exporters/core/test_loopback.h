// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>

#include "listen_address.h"

namespace binnacle {

/// Containers often have an IPv6 stack and no address of it.
inline bool loopback_has_ipv6() {
  try {
    check_can_bind({BindAddress::Family::ipv6, "::1", 0}, "[::1]:0");
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// Makes the socket listen on a loopback port of its own, which it returns.
inline int listen_on_loopback(int socket) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (socket < 0 || ::bind(socket, any, size) != 0 || ::listen(socket, 8) != 0 ||
      ::getsockname(socket, any, &size) != 0) {
    throw std::runtime_error("no loopback port to listen on");
  }
  return ntohs(address.sin_port);
}

}  // namespace binnacle
