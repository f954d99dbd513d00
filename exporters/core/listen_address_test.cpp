// SPDX-License-Identifier: Apache-2.0
#include "listen_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "unique_fd.h"

using binnacle::BindAddress;
using binnacle::check_can_bind;
using binnacle::parse_listen_address;
using binnacle::resolve_listen_address;
using Catch::Matchers::Contains;

TEST_CASE("a listen address is a host and a port", "[listen_address]") {
  CHECK(parse_listen_address(":9100").host.empty());
  CHECK(parse_listen_address(":9100").port == 9100);
  CHECK(parse_listen_address("127.0.0.1:0").host == "127.0.0.1");
  CHECK(parse_listen_address("127.0.0.1:0").port == 0);
  CHECK(parse_listen_address("localhost:65535").host == "localhost");
  CHECK(parse_listen_address("localhost:65535").port == 65535);
  CHECK(parse_listen_address("[::1]:9100").host == "::1");
  CHECK(parse_listen_address("[2001:db8::2]:80").port == 80);
  CHECK(parse_listen_address("[::1]:9100").text == "[::1]:9100");
}

TEST_CASE("a bad listen address is named with what was expected", "[listen_address]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "the port is missing"},
      {"9100", "the port is missing"},
      {"host", "the port is missing"},
      {"[::1]", "the port is missing"},
      {"[::1]9100", "the port is missing"},
      {"[::1:9100", "']' is missing"},
      {"[host]:1", "no IPv6 address"},
      {"[]:1", "no IPv6 address"},
      {"::1:9100", "needs brackets"},
      {"host:", "not a number"},
      {"host:http", "not a number"},
      {"host:-1", "not a number"},
      {"host:65536", "not a number"},
      {"host:99999999999999999999", "not a number"},
      {"host: 9100", "not a number"},
      {"ho st:1", "a character that no host has"},
      {"a,b:1", "a character that no host has"},
      {std::string("a\0b:1", 5), "a character that no host has"},
      {"vsock://:9100", "needs brackets"},
  }));
  CAPTURE(text);
  CHECK_THROWS_WITH(parse_listen_address(text), Contains(why) && Contains("expected HOST:PORT"));
}

TEST_CASE("names and empty hosts are resolved to numbers", "[listen_address]") {
  const auto loopback = resolve_listen_address(parse_listen_address("127.0.0.1:80"), true);
  CHECK(loopback.family == BindAddress::Family::ipv4);
  CHECK(loopback.to_string(81) == "127.0.0.1:81");

  const auto six = resolve_listen_address(parse_listen_address("[0:0::1]:80"), true);
  CHECK(six.family == BindAddress::Family::ipv6);
  CHECK(six.to_string(80) == "[::1]:80");

  CHECK(resolve_listen_address(parse_listen_address("[::]:80"), true).family == BindAddress::Family::both);
  CHECK(resolve_listen_address(parse_listen_address("0.0.0.0:80"), true).to_string(80) == "0.0.0.0:80");
  CHECK(resolve_listen_address(parse_listen_address(":80"), false).to_string(80) == "0.0.0.0:80");
}

TEST_CASE("what cannot be resolved or listened on is one clear line", "[listen_address]") {
  CHECK_THROWS_WITH(resolve_listen_address(parse_listen_address("no-such-host.invalid:80"), true),
                    Contains("no-such-host.invalid:80") && Contains("cannot resolve the host"));
  CHECK_THROWS_WITH(resolve_listen_address(parse_listen_address("[::1]:80"), false),
                    Contains("[::1]:80") && Contains("no IPv6"));
}

TEST_CASE("a port in use is found before the server starts", "[listen_address]") {
  const binnacle::UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  socklen_t length = sizeof address;
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  const auto port = ntohs(address.sin_port);
  const std::string text = "127.0.0.1:" + std::to_string(port);

  CHECK_THROWS_WITH(check_can_bind({BindAddress::Family::ipv4, "127.0.0.1", port}, text),
                    "cannot listen on " + text + ": address already in use");
  CHECK_NOTHROW(check_can_bind({BindAddress::Family::ipv4, "127.0.0.1", 0}, "127.0.0.1:0"));
  // TEST-NET-1 is nobody's address.
  CHECK_THROWS_WITH(check_can_bind({BindAddress::Family::ipv4, "192.0.2.1", 1}, "192.0.2.1:1"),
                    Contains("cannot listen on 192.0.2.1:1: "));
  CHECK_THROWS_WITH(check_can_bind({BindAddress::Family::ipv4, "192.0.2.1", 0}, "192.0.2.1:0"),
                    Contains("cannot listen on 192.0.2.1:0: "));
}
