// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/redis/redis_link.h"
#include "redis_breakers.h"

namespace binnacle::breaker {

/// What an error reply means for the source. Its message is the server's, in one line.
SourceError redis_failure(std::string_view error);

/// A connection that is logged in, to the database of the settings. After any exception drop it.
class RedisConnection {
 public:
  /// Throws SourceError, Timeout, ConnectionLost, std::runtime_error.
  RedisConnection(const RedisSettings& settings, const PollContext& context);

  /// Sends the commands, some hundred at once, and gives as many replies in their order, of which any may be an error.
  /// Throws SourceError, also when `context.stop` becomes readable, Timeout, ConnectionLost.
  std::vector<Reply> ask(const std::vector<Command>& commands, const PollContext& context);

 private:
  Reply read(const PollContext& context);

  RedisLink link_;
};

}  // namespace binnacle::breaker
