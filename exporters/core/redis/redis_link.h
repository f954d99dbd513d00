// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/credentials.h"
#include "core/socket.h"
#include "resp.h"

namespace binnacle {

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
/// but RedisError, and a Timeout of read(), the connection's state is unknown: drop it.
class RedisLink {
 public:
  explicit RedisLink(Socket socket, ReplyReader::Limits limits = {}) : socket_(std::move(socket)), reader_(limits) {}

  /// Sends all commands in one go. Throws Timeout, ConnectionLost.
  void send(std::span<const Command> commands, Clock::time_point deadline);
  /// Throws Timeout, after which it may be called again for the same reply; ConnectionLost, ProtocolError.
  Reply read(Clock::time_point deadline);
  /// One command and its reply, also where the server says why before it hangs up.
  Reply ask(const Command& command, Clock::time_point deadline);

 private:
  Socket socket_;
  ReplyReader reader_;
  std::array<char, 65'536> buffer_{};
};

/// AUTH with the password as it is now, of which no copy stays in memory; nothing is sent where there is none. The
/// reply's words are not to be shown: a server that knows no AUTH repeats its arguments. Throws what RedisLink::ask()
/// throws.
std::optional<Reply> authenticate(RedisLink& link, const Credentials& credentials, Clock::time_point deadline);

}  // namespace binnacle
