// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/socket.h"

namespace binnacle::cache {

/// The server's answer was an error.
class MemcachedError : public std::runtime_error {
 public:
  explicit MemcachedError(const std::string& message, bool unsupported = false)
      : std::runtime_error(message), unsupported_(unsupported) {}
  /// Whether the server does not know the command.
  [[nodiscard]] bool unsupported() const { return unsupported_; }

 private:
  bool unsupported_;
};

/// One open connection to a server that speaks Memcached's text protocol. Replies come in the order of the commands.
/// After any exception but MemcachedError the connection's state is unknown: drop it.
class MemcachedLink {
 public:
  explicit MemcachedLink(Socket socket) : socket_(std::move(socket)) {}

  /// Sends all commands in one go; each ends with "\r\n". Throws Timeout, ConnectionLost.
  void send(std::string_view commands, Clock::time_point deadline) { socket_.write_all(commands, deadline); }
  /// The lines of a reply to `stats ...`, without its END. Throws Timeout, ConnectionLost, MemcachedError, and
  /// std::runtime_error for a reply of more than 4 MiB.
  std::string read_stats(Clock::time_point deadline);
  /// A reply of one line, without its end. Throws as read_stats().
  std::string read_line(Clock::time_point deadline);

 private:
  void receive(Clock::time_point deadline);

  Socket socket_;
  std::string received_;
};

}  // namespace binnacle::cache
