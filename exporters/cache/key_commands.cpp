// SPDX-License-Identifier: Apache-2.0
#include "key_commands.h"

#include <algorithm>
#include <span>

namespace binnacle::cache {

namespace {

constexpr std::size_t kTogether = 1000;  // commands in one go
constexpr std::chrono::minutes kRest{5};

bool is_elsewhere(std::string_view error) {
  return error.starts_with("MOVED ") || refusal_of(error) == Refusal::other_key;
}

bool is_about_key(std::string_view error) {
  for (const auto* const code : {"WRONGTYPE ", "NOGROUP ", "ASK ", "TRYAGAIN ", "ERR no such key"}) {
    if (error.starts_with(code)) return true;
  }
  return is_elsewhere(error);
}

Command select(int database) { return {"SELECT", std::to_string(database)}; }

void ask_some(RedisSession& session, std::span<const KeyCommand> wanted, Clock::time_point scrape_deadline,
              std::vector<Reply>& replies) {
  std::vector<Command> commands;
  int database = 0;
  for (const auto& one : wanted) {
    if (one.database != database) commands.push_back(select(one.database));
    database = one.database;
    commands.push_back(one.command);
  }
  if (database != 0) commands.push_back(select(0));
  auto answers = session.ask_once(commands, scrape_deadline);
  for (std::size_t at = 0; at < commands.size(); ++at) {
    const bool selects = commands[at].front() == "SELECT";
    // What follows a SELECT that failed is of another database.
    if (answers[at].is_error() && (selects || !is_about_key(answers[at].text))) throw RedisError(answers[at].text);
    if (!selects) replies.push_back(std::move(answers[at]));
  }
}

}  // namespace

std::vector<Reply> ask_keys(RedisSession& session, const std::vector<KeyCommand>& wanted,
                            Clock::time_point scrape_deadline) {
  std::vector<Reply> replies;
  replies.reserve(wanted.size());
  std::span<const KeyCommand> rest{wanted};
  while (!rest.empty()) {
    const auto some = rest.first(std::min(rest.size(), kTogether));
    ask_some(session, some, scrape_deadline, replies);
    rest = rest.subspan(some.size());
  }
  return replies;
}

std::vector<std::string> KeyTypes::ask(const std::vector<KeyName>& keys, Clock::time_point scrape_deadline) {
  const auto now = Clock::now();
  std::erase_if(resting_, [&](const auto& one) { return one.second <= now; });
  std::vector<KeyCommand> commands;
  std::vector<std::size_t> asked;
  for (std::size_t at = 0; at < keys.size(); ++at) {
    if (resting_.contains(keys[at])) continue;
    commands.push_back({keys[at].database, {"TYPE", keys[at].key}});
    asked.push_back(at);
  }
  const auto replies = ask_keys(*session_, commands, scrape_deadline);
  std::vector<std::string> types(keys.size());
  for (std::size_t at = 0; at < asked.size(); ++at) {
    if (!replies[at].is_error()) {
      types[asked[at]] = replies[at].text;
    } else if (is_elsewhere(replies[at].text)) {
      resting_[keys[asked[at]]] = now + kRest;
    }
  }
  return types;
}

}  // namespace binnacle::cache
