// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "listen_address.h"

namespace binnacle {

/// Where a StatsD listener listens: "udp://HOST:PORT", "HOST:PORT", ":PORT", "[IPV6]:PORT" or "unixgram:///PATH".
struct StatsdAddress {
  std::string text;   ///< as written
  ListenAddress udp;  ///< unless there is a path
  std::string path;   ///< of a unix datagram socket
};

/// Pure. Throws std::runtime_error with one line that names the address and what was expected.
StatsdAddress parse_statsd_address(std::string_view text);

}  // namespace binnacle
