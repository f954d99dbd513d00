// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "resp.h"
#include "socket.h"

namespace binnacle::cache {

/// The server's answer was an error. Its message is the server's, cut and in one line.
class RedisError : public std::runtime_error {
 public:
  explicit RedisError(std::string_view text);
  /// The first word: ERR, NOAUTH, NOPERM, LOADING ...
  [[nodiscard]] const std::string& code() const { return code_; }

 private:
  std::string code_;
};

/// What kind of no an error reply is.
enum class Refusal {
  none,         ///< an ordinary error
  unsupported,  ///< this server does not know the command
  forbidden,    ///< this user may not run it
  other_key,    ///< this user may not use that key
  unavailable,  ///< the server serves nobody just now: it loads its data, runs a script, is full, or wants a password
};
Refusal refusal_of(std::string_view error);

/// One open connection to a server that speaks RESP2. Replies come in the order of the commands. After any exception
/// but RedisError the connection's state is unknown: drop it.
class RedisLink {
 public:
  explicit RedisLink(Socket socket) : socket_(std::move(socket)) {}

  /// Sends all commands in one go. Throws Timeout, ConnectionLost.
  void send(std::span<const Command> commands, Clock::time_point deadline);
  /// Throws Timeout, ConnectionLost, ProtocolError.
  Reply read(Clock::time_point deadline);
  /// One command and its reply, also where the server says why before it hangs up.
  Reply ask(const Command& command, Clock::time_point deadline);

 private:
  Socket socket_;
  ReplyReader reader_;
  std::array<char, 65'536> buffer_{};
};

}  // namespace binnacle::cache
