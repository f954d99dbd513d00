// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>

#include "text.h"

namespace binnacle {

namespace {

constexpr std::string_view kUnixScheme = "unix://";

[[noreturn]] void fail() { throw std::runtime_error("expected host:port, [IPv6]:port or the path of a unix socket"); }

int parse_port(std::string_view text) {
  const auto port = to_u64(text);
  if (!port || *port == 0 || *port > 65'535) throw std::runtime_error("expected a port from 1 to 65535");
  return static_cast<int>(*port);
}

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  const std::string without_zone{text.substr(0, text.find('%'))};
  return ::inet_pton(AF_INET6, without_zone.c_str(), &address) == 1;
}

/// What a host may consist of; refuses user:password@host, queries and white space.
bool is_host(std::string_view text) {
  if (text.find(':') != std::string_view::npos && !is_ipv6(text)) return false;
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](unsigned char byte) {
    return byte > ' ' && byte < 0x7f &&
           std::string_view{"@/?#[]\"\\"}.find(static_cast<char>(byte)) == std::string_view::npos;
  });
}

Address unix_address(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) fail();
  return {{}, 0, std::string{path}};
}

}  // namespace

std::string Address::name() const {
  if (!path.empty()) return path;
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Address parse_address(std::string_view text, int default_port) {
  if (text.substr(0, kUnixScheme.size()) == kUnixScheme) return unix_address(text.substr(kUnixScheme.size()));
  if (!text.empty() && text.front() == '/') return unix_address(text);
  std::string_view host = text;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) fail();
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {  // more of them are an IPv6 address without a port
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!is_host(host)) fail();
  if (!port.empty() && port.front() != ':') fail();
  return {std::string{host}, port.empty() ? default_port : parse_port(port.substr(1)), {}};
}

}  // namespace binnacle
