// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace binnacle
