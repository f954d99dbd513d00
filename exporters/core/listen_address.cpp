// SPDX-License-Identifier: Apache-2.0
#include "listen_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>

#include "text.h"
#include "unique_fd.h"

namespace binnacle {
namespace {

std::runtime_error bad_address(std::string_view text, const std::string& why) {
  return std::runtime_error("listen address " + quoted(text) + ": " + why +
                            "; expected HOST:PORT, :PORT or [IPV6]:PORT");
}

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addrinfo = std::unique_ptr<addrinfo, FreeAddrinfo>;

Addrinfo look_up(const char* host, const char* port, int flags, int& error) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | flags;
  addrinfo* found = nullptr;
  error = ::getaddrinfo(host, port, &hints, &found);
  return Addrinfo(error == 0 ? found : nullptr);
}

std::string numeric_host(const addrinfo& entry) {
  char name[NI_MAXHOST] = "";
  if (::getnameinfo(entry.ai_addr, entry.ai_addrlen, name, sizeof name, nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return name;
}

bool kernel_has_ipv6() { return static_cast<bool>(UniqueFd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0))); }

/// libc's text begins with a capital, which reads badly inside a line.
std::string error_text(int error) {
  std::string text = std::strerror(error);  // NOLINT(concurrency-mt-unsafe): glibc's is safe for known errors
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

ListenAddress parse_listen_address(std::string_view text) {
  std::string_view host;
  std::string_view port;
  if (!text.empty() && text[0] == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) throw bad_address(text, "']' is missing");
    host = text.substr(1, end - 1);
    if (host.find(':') == std::string_view::npos) throw bad_address(text, "no IPv6 address between the brackets");
    if (end + 1 >= text.size() || text[end + 1] != ':') throw bad_address(text, "the port is missing");
    port = text.substr(end + 2);
  } else {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) throw bad_address(text, "the port is missing");
    host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos) throw bad_address(text, "an IPv6 address needs brackets");
    port = text.substr(colon + 1);
  }
  for (const char c : host) {
    const bool valid = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                       c == '-' || c == '_' || c == ':';
    if (!valid) throw bad_address(text, "the host has a character that no host has");
  }
  const auto number = to_u64(port);
  if (!number || *number > std::numeric_limits<std::uint16_t>::max()) {
    throw bad_address(text, "the port is not a number from 0 to 65535");
  }
  return {std::string(text), std::string(host), static_cast<std::uint16_t>(*number)};
}

std::string BindAddress::to_string(std::uint16_t actual_port) const {
  const std::string port_text = std::to_string(actual_port);
  return family == Family::ipv4 ? host + ":" + port_text : "[" + host + "]:" + port_text;
}

BindAddress resolve_listen_address(const ListenAddress& address, bool ipv6) {
  using Family = BindAddress::Family;
  if (address.host.empty()) {
    if (ipv6 && kernel_has_ipv6()) return {Family::both, "::", address.port};
    return {Family::ipv4, "0.0.0.0", address.port};
  }
  int error = 0;
  const auto found = look_up(address.host.c_str(), nullptr, 0, error);
  if (!found) {
    throw std::runtime_error("listen address " + quoted(address.text) +
                             ": cannot resolve the host: " + ::gai_strerror(error));
  }
  const addrinfo* chosen = nullptr;
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      chosen = entry;
      break;
    }
    if (entry->ai_family == AF_INET6 && chosen == nullptr) chosen = entry;
  }
  const std::string host = chosen == nullptr ? "" : numeric_host(*chosen);
  if (host.empty()) throw std::runtime_error("listen address " + quoted(address.text) + ": the host has no address");
  if (chosen->ai_family == AF_INET) return {Family::ipv4, host, address.port};
  if (!ipv6) {
    throw std::runtime_error("listen address " + quoted(address.text) +
                             ": this build has no IPv6, because it uses the system's civetweb; build with "
                             "-Dcivetweb=source");
  }
  return {host == "::" ? Family::both : Family::ipv6, host, address.port};
}

void check_can_bind(const BindAddress& address, const std::string& text) {
  int error = 0;
  const auto found =
      look_up(address.host.c_str(), std::to_string(address.port).c_str(), AI_NUMERICHOST | AI_NUMERICSERV, error);
  const auto fail = [&](const std::string& why) { throw std::runtime_error("cannot listen on " + text + ": " + why); };
  if (!found) fail(::gai_strerror(error));
  const UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) fail(error_text(errno));
  const int on = 1;
  // Like the server's own socket: a port is free while old connections are still closing, but not while one listens.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family == BindAddress::Family::ipv6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) fail(error_text(errno));
}

}  // namespace binnacle
