// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "address.h"
#include "collector.h"
#include "unique_fd.h"

namespace binnacle {

/// The time of a scrape ran out. What was under way on a connection has an unknown rest: it must be dropped.
class Timeout : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The other side closed or reset the connection.
class ConnectionLost : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A stream connection to a server, over TCP (IPv4, IPv6) or a unix socket, that never blocks past a deadline, but for
/// the time that name servers take. Deadlines are absolute: a server that sends a byte now and then gains no time.
class Socket {
 public:
  /// Tries all addresses of the host, each with its share of the time left. Throws Timeout, or std::runtime_error with
  /// one line that names the address.
  static Socket connect(const Address& address, Clock::time_point deadline);

  /// Waits for bytes, and gives how many there were, at least 1. Throws Timeout, ConnectionLost.
  std::size_t read_some(std::span<char> buffer, Clock::time_point deadline);

  /// Throws Timeout, ConnectionLost; how much was sent then is unknown.
  void write_all(std::string_view bytes, Clock::time_point deadline);

  /// Whether the other side has closed it, or sent what nobody asked for. Does not wait.
  [[nodiscard]] bool stale() const;

 private:
  explicit Socket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace binnacle
