// SPDX-License-Identifier: Apache-2.0
#include "socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "wait_for_socket.h"

namespace binnacle {

namespace {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

std::string error_text(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail(const Address& address, const std::string& why) {
  throw std::runtime_error(address.name() + ": " + why);
}

Endpoint unix_endpoint(const Address& address) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof(where.sun_path)) fail(address, "the path is too long for a unix socket");
  std::copy(address.path.begin(), address.path.end(), where.sun_path);
  Endpoint endpoint;
  std::memcpy(&endpoint.address, &where, sizeof(where));
  endpoint.size = sizeof(where);
  return endpoint;
}

std::vector<Endpoint> resolve(const Address& address) {
  if (!address.path.empty()) return {unix_endpoint(address)};
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) fail(address, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{found, &::freeaddrinfo};
  std::vector<Endpoint> endpoints;
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, one->ai_addr, one->ai_addrlen);
    endpoint.size = one->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

/// 0 when connected, else an errno; ETIMEDOUT at the deadline.
int try_endpoint(const UniqueFd& fd, const Endpoint& endpoint, Clock::time_point deadline) {
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!wait_for_socket(fd.get(), POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Socket Socket::connect(const Address& address, Clock::time_point deadline) {
  const auto endpoints = resolve(address);
  int error = EADDRNOTAVAIL;
  auto left = static_cast<int>(endpoints.size());
  for (const auto& endpoint : endpoints) {
    const auto now = Clock::now();
    UniqueFd fd{::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    // A full backlog of a unix socket is EAGAIN at once, and nothing to wait for.
    error = fd ? try_endpoint(fd, endpoint, now + (deadline - now) / left--) : errno;
    if (error != 0) continue;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // fails on a unix socket, which needs none
    return Socket{std::move(fd)};
  }
  if (error == ETIMEDOUT && Clock::now() >= deadline) {
    throw Timeout(address.name() + ": no connection before the scrape's deadline");
  }
  fail(address, "cannot connect: " + error_text(error));
}

std::size_t Socket::read_some(std::span<char> buffer, Clock::time_point deadline) {
  // The wait comes first: a server that always has more to send must not escape the deadline.
  for (;;) {
    if (!wait_for_socket(fd_.get(), POLLIN, deadline))
      throw Timeout("the server did not answer before the scrape's deadline");
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) throw ConnectionLost("the server closed the connection");
    if (errno != EAGAIN && errno != EINTR) throw ConnectionLost("the connection broke: " + error_text(errno));
  }
}

void Socket::write_all(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!wait_for_socket(fd_.get(), POLLOUT, deadline))
        throw Timeout("the server read nothing before the scrape's deadline");
    } else {
      throw ConnectionLost("the connection broke: " + error_text(errno));
    }
  }
}

bool Socket::stale() const {
  pollfd polled{fd_.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) != 0;
}

}  // namespace binnacle
