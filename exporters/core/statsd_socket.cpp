// SPDX-License-Identifier: Apache-2.0
#include "statsd_socket.h"

#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace binnacle {

namespace {

constexpr mode_t kEverybodyWrites = 0666;

[[noreturn]] void fail(const std::string& text, int error) {
  throw std::runtime_error("cannot listen on " + text + ": " +
                           std::strerror(error));  // NOLINT(concurrency-mt-unsafe): glibc's is safe for known errors
}

/// As sockets take addresses.
const sockaddr* generic(const void* address) { return static_cast<const sockaddr*>(address); }

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  return address;
}

/// Removes a socket that nobody listens on any more. Throws for anything else that has the path.
void remove_stale(const std::string& path, const std::string& text) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  if (!S_ISSOCK(info.st_mode)) throw std::runtime_error("cannot listen on " + text + ": the path is no socket");
  const UniqueFd probe{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const auto address = unix_address(path);
  if (::connect(probe.get(), generic(&address), sizeof address) == 0 || errno != ECONNREFUSED) fail(text, EADDRINUSE);
  if (::unlink(path.c_str()) != 0) fail(text, errno);
}

}  // namespace

StatsdSocket::StatsdSocket(const StatsdAddress& address, int receive_buffer) : text_(address.text) {
  if (address.path.empty()) {
    bind_udp(address);
  } else {
    bind_unix(address.path);
  }
  set_receive_buffer(receive_buffer);
}

void StatsdSocket::bind_udp(const StatsdAddress& address) {
  using Family = BindAddress::Family;
  const auto bind_to = resolve_listen_address(address.udp, true);
  const bool ipv4 = bind_to.family == Family::ipv4;
  fd_ = UniqueFd{::socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd_) fail(text_, errno);
  int bound = -1;
  if (ipv4) {
    sockaddr_in socket_address{};
    socket_address.sin_family = AF_INET;
    socket_address.sin_port = htons(bind_to.port);
    ::inet_pton(AF_INET, bind_to.host.c_str(), &socket_address.sin_addr);
    bound = ::bind(fd_.get(), generic(&socket_address), sizeof socket_address);
  } else {
    const int only = bind_to.family == Family::ipv6 ? 1 : 0;
    ::setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    sockaddr_in6 socket_address{};
    socket_address.sin6_family = AF_INET6;
    socket_address.sin6_port = htons(bind_to.port);
    ::inet_pton(AF_INET6, bind_to.host.c_str(), &socket_address.sin6_addr);
    bound = ::bind(fd_.get(), generic(&socket_address), sizeof socket_address);
  }
  if (bound != 0) fail(text_, errno);
}

void StatsdSocket::bind_unix(const std::string& path) {
  remove_stale(path, text_);
  fd_ = UniqueFd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd_) fail(text_, errno);
  const auto address = unix_address(path);
  if (::bind(fd_.get(), generic(&address), sizeof address) != 0) fail(text_, errno);
  struct stat info {};
  if (::chmod(path.c_str(), kEverybodyWrites) != 0 || ::lstat(path.c_str(), &info) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    fail(text_, error);
  }
  path_ = path;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

StatsdSocket::~StatsdSocket() {
  struct stat info {};
  const bool ours =
      !path_.empty() && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
  if (ours) ::unlink(path_.c_str());
}

std::string StatsdSocket::bound_to() const {
  if (!path_.empty()) return "unixgram://" + path_;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, INET6_ADDRSTRLEN> host{};
  ::getsockname(fd_.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), &size);
  if (address.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    ::inet_ntop(AF_INET, &ipv4.sin_addr, host.data(), host.size());
    return std::string{"udp://"} + host.data() + ":" + std::to_string(ntohs(ipv4.sin_port));
  }
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &address, sizeof ipv6);
  ::inet_ntop(AF_INET6, &ipv6.sin6_addr, host.data(), host.size());
  return std::string{"udp://["} + host.data() + "]:" + std::to_string(ntohs(ipv6.sin6_port));
}

void StatsdSocket::set_receive_buffer(int bytes) {
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return;
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

std::uint64_t StatsdSocket::receive_buffer() const {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, &size);
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::uint64_t> StatsdSocket::kernel_drops() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return std::nullopt;
  if (size < (SK_MEMINFO_DROPS + 1) * sizeof info[0]) return std::nullopt;
  const auto now = info[SK_MEMINFO_DROPS];
  drops_ += static_cast<std::uint32_t>(now - last_drops_);  // the kernel's counter wraps
  last_drops_ = now;
  return drops_;
}

}  // namespace binnacle
