// SPDX-License-Identifier: Apache-2.0
#include "netdev_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace binnacle::system {

namespace {

std::string scope_of(const in_addr& ip) {
  const auto address = ntohl(ip.s_addr);
  if ((address >> 24U) == 127) return "link-local";
  if ((address & 0xFFFF0000U) == 0xA9FE0000U || (address & 0xFFFFFF00U) == 0xE0000000U) return "link-local";
  if (address == INADDR_ANY || address == INADDR_BROADCAST || IN_MULTICAST(address)) return "";
  return "global";
}

std::string scope_of(const in6_addr& ip) {
  if (IN6_IS_ADDR_LOOPBACK(&ip) || IN6_IS_ADDR_LINKLOCAL(&ip) || IN6_IS_ADDR_MC_LINKLOCAL(&ip)) return "link-local";
  if (IN6_IS_ADDR_MC_NODELOCAL(&ip)) return "interface-local";
  if (IN6_IS_ADDR_UNSPECIFIED(&ip) || IN6_IS_ADDR_MULTICAST(&ip)) return "";
  return "global";
}

template <typename Address>
int count_bits(const Address& address) {
  std::array<std::uint8_t, sizeof(Address)> bytes{};
  std::memcpy(bytes.data(), &address, sizeof(Address));
  int bits = 0;
  for (const auto byte : bytes) bits += std::popcount(byte);
  return bits;
}

/// The address inside a sockaddr of the type that its family says; copied, as it may not be aligned.
template <typename Socket>
Socket as(const sockaddr* address) {
  Socket socket{};
  if (address != nullptr) std::memcpy(&socket, address, sizeof(Socket));
  return socket;
}

}  // namespace

std::optional<DeviceAddress> describe_address(std::string device, const sockaddr* address, const sockaddr* mask) {
  if (address == nullptr) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  DeviceAddress described;
  described.device = std::move(device);
  if (address->sa_family == AF_INET) {
    const auto ip = as<sockaddr_in>(address).sin_addr;
    ::inet_ntop(AF_INET, &ip, text.data(), text.size());
    described.prefix = std::to_string(count_bits(as<sockaddr_in>(mask).sin_addr));
    described.scope = scope_of(ip);
  } else if (address->sa_family == AF_INET6) {
    const auto ip = as<sockaddr_in6>(address).sin6_addr;
    ::inet_ntop(AF_INET6, &ip, text.data(), text.size());
    described.prefix = std::to_string(count_bits(as<sockaddr_in6>(mask).sin6_addr));
    described.scope = scope_of(ip);
  } else {
    return std::nullopt;
  }
  described.address = text.data();
  return described;
}

std::vector<DeviceAddress> read_device_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) throw std::system_error(errno, std::generic_category(), "getifaddrs");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list{first, ::freeifaddrs};
  std::vector<DeviceAddress> addresses;
  for (const auto* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    if (auto address = describe_address(entry->ifa_name, entry->ifa_addr, entry->ifa_netmask)) {
      addresses.push_back(*std::move(address));
    }
  }
  return addresses;
}

}  // namespace binnacle::system
