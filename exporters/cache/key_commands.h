// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "key_config.h"
#include "redis_session.h"

namespace binnacle::cache {

/// A command on what is in one database.
struct KeyCommand {
  int database = 0;
  Command command;
};

/// Asks in one go (in several, where there are very many) and leaves the connection in database 0. Gives a reply for
/// each command, in their order; one that is an error is about that key alone: of another type, gone, on another node,
/// not this user's. Throws as RedisSession::ask_once() does, and RedisError for every other error.
std::vector<Reply> ask_keys(RedisSession& session, const std::vector<KeyCommand>& wanted,
                            Clock::time_point scrape_deadline);

/// The types of keys. Those that another node has, or that this user may not read, are not asked for again for some
/// minutes: servers count such errors, and log some.
class KeyTypes {
 public:
  explicit KeyTypes(std::shared_ptr<RedisSession> session) : session_(std::move(session)) {}

  /// "list", "stream" ... as TYPE has it, "none" where there is no such key, empty where that is not to be known here.
  std::vector<std::string> ask(const std::vector<KeyName>& keys, Clock::time_point scrape_deadline);

 private:
  const std::shared_ptr<RedisSession> session_;
  std::map<KeyName, Clock::time_point> resting_;  // until when
};

}  // namespace binnacle::cache
