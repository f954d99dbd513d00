// SPDX-License-Identifier: Apache-2.0
#include "statsd_address.h"

#include <sys/un.h>

#include <stdexcept>

#include "text.h"

namespace binnacle {

StatsdAddress parse_statsd_address(std::string_view text) {
  constexpr std::string_view kUdp = "udp://";
  constexpr std::string_view kUnix = "unixgram://";
  StatsdAddress address;
  address.text = text;
  const auto scheme_end = text.find("://");
  if (scheme_end != std::string_view::npos && !text.starts_with(kUdp) && !text.starts_with(kUnix)) {
    throw std::runtime_error("listen address " + quoted(text) +
                             ": expected udp://HOST:PORT, HOST:PORT or unixgram:///PATH");
  }
  if (text.starts_with(kUnix)) {
    address.path = text.substr(kUnix.size());
    if (!address.path.starts_with('/') || address.path.size() >= sizeof(sockaddr_un::sun_path) ||
        address.path.find('\0') != std::string::npos) {
      throw std::runtime_error("listen address " + quoted(text) +
                               ": expected unixgram:// and an absolute path of at most " +
                               std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
    }
    return address;
  }
  if (text.starts_with(kUdp)) text.remove_prefix(kUdp.size());
  address.udp = parse_listen_address(text);
  return address;
}

}  // namespace binnacle
