// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

namespace binnacle::system {

/// An IP address of a network device.
struct DeviceAddress {
  std::string device;
  std::string address;
  /// Length of the network's prefix in bits.
  std::string prefix;
  /// "global", "link-local", "interface-local" or empty.
  std::string scope;
};

/// An address and its network mask in text; nothing when it is no IP address. `mask` may be null: a prefix of 0.
std::optional<DeviceAddress> describe_address(std::string device, const sockaddr* address, const sockaddr* mask);

/// The addresses of this network namespace's devices, from the kernel. Throws std::system_error.
std::vector<DeviceAddress> read_device_addresses();

}  // namespace binnacle::system
