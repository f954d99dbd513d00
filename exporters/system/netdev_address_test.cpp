// SPDX-License-Identifier: Apache-2.0
#include "netdev_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>
#include <cstring>

using namespace binnacle::system;

namespace {

sockaddr_storage make_address(const char* text) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&storage, &v4, sizeof(v4));
  } else {
    REQUIRE(::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
    v6.sin6_family = AF_INET6;
    std::memcpy(&storage, &v6, sizeof(v6));
  }
  return storage;
}

DeviceAddress describe(const char* address, const char* mask) {
  const auto ip = make_address(address);
  const auto bits = make_address(mask);
  const auto described =
      describe_address("eth0", reinterpret_cast<const sockaddr*>(&ip), reinterpret_cast<const sockaddr*>(&bits));
  REQUIRE(described);
  return *described;
}

}  // namespace

TEST_CASE("addresses are told with the length of their prefix", "[netdev_address]") {
  const auto v4 = describe("192.0.2.7", "255.255.240.0");
  CHECK(v4.device == "eth0");
  CHECK(v4.address == "192.0.2.7");
  CHECK(v4.prefix == "20");
  CHECK(v4.scope == "global");
  const auto v6 = describe("2001:db8::7", "ffff:ffff:ffff:ffff::");
  CHECK(v6.address == "2001:db8::7");
  CHECK(v6.prefix == "64");
  CHECK(v6.scope == "global");
}

TEST_CASE("the scope tells how far an address reaches", "[netdev_address]") {
  const auto scope = [](const char* address) { return describe(address, "255.0.0.0").scope; };
  CHECK(scope("127.0.0.1") == "link-local");
  CHECK(scope("169.254.1.1") == "link-local");
  CHECK(scope("224.0.0.251") == "link-local");
  CHECK(scope("239.1.1.1").empty());
  CHECK(scope("0.0.0.0").empty());
  CHECK(scope("255.255.255.255").empty());
  CHECK(scope("10.0.0.1") == "global");
  CHECK(scope("::1") == "link-local");
  CHECK(scope("fe80::1") == "link-local");
  CHECK(scope("ff02::1") == "link-local");
  CHECK(scope("ff01::1") == "interface-local");
  CHECK(scope("ff05::1").empty());
  CHECK(scope("::").empty());
  CHECK(scope("fd00::1") == "global");
}

TEST_CASE("what is no IP address is passed over", "[netdev_address]") {
  CHECK_FALSE(describe_address("eth0", nullptr, nullptr));
  sockaddr packet{};
  packet.sa_family = AF_PACKET;
  CHECK_FALSE(describe_address("eth0", &packet, nullptr));
}

TEST_CASE("a missing mask is a prefix of 0", "[netdev_address]") {
  const auto ip = make_address("10.0.0.1");
  const auto described = describe_address("tun0", reinterpret_cast<const sockaddr*>(&ip), nullptr);
  REQUIRE(described);
  CHECK(described->prefix == "0");
}

TEST_CASE("the kernel's own list can be read", "[netdev_address]") {
  for (const auto& address : read_device_addresses()) {
    CHECK_FALSE(address.device.empty());
    CHECK_FALSE(address.address.empty());
  }
}
