// SPDX-License-Identifier: Apache-2.0
#include "redis_session.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace binnacle::cache {

namespace {

/// How long a command that was refused is not sent again.
constexpr std::chrono::minutes kRefusedFor{5};

/// The forms of INFO, the fullest first: Redis 6 and later, older ones, those that take no argument.
const std::array<Command, 3> kInfoForms{{{"INFO", "everything"}, {"INFO", "all"}, {"INFO"}}};

const Command kPing{"PING"};

std::string name_of(const Command& command) { return command.size() > 1 ? command[0] + " " + command[1] : command[0]; }

/// Never the server's words: one that knows no AUTH repeats its arguments.
[[noreturn]] void fail_log_in(const Reply& reply) {
  const std::string_view text = reply.text;
  switch (refusal_of(text)) {
    case Refusal::unsupported:
      throw std::runtime_error("the server does not know AUTH with these arguments (users exist since Redis 6)");
    case Refusal::unavailable:
      throw RedisError(text.starts_with("NOAUTH") ? "NOAUTH" : text);
    default:
      break;
  }
  if (text.find("without any password configured") != std::string_view::npos) {
    throw std::runtime_error("a password is given, but the server's default user has none");
  }
  throw std::runtime_error("the server refused user or password");
}

}  // namespace

void RedisSession::ping(Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turns::Turn turn{turns_, deadline};
  begin(deadline);
  if (failure_) std::rethrow_exception(failure_);
  if (unavailable_) std::rethrow_exception(unavailable_);
}

RoundTrips RedisSession::round_trips(Clock::time_point scrape_deadline) {
  const Turns::Turn turn{turns_, scrape_deadline - kReturnMargin};
  return round_trips_;
}

Reply RedisSession::ask(const Command& command, Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turns::Turn turn{turns_, deadline};
  begin(deadline);
  return ask_in_turn(command, deadline);
}

void RedisSession::announce(const std::vector<Command>& commands, Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turns::Turn turn{turns_, deadline};
  begin(deadline);
  send(commands, deadline);
}

std::vector<Reply> RedisSession::ask_once(const std::vector<Command>& commands, Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turns::Turn turn{turns_, deadline};
  begin(deadline);
  for (const auto& command : commands) {
    if (const auto* const known = refused({command.front()})) throw NotApplicable(known->why);
  }
  const auto earlier = pending_.size();
  transmit(commands, deadline);
  auto replies = receive_all(earlier, commands.size(), deadline);
  for (std::size_t at = 0; at < commands.size(); ++at) {
    if (!replies[at].is_error()) continue;
    const Command name{commands[at].front()};
    note_refusal(name, replies[at].text);
    if (const auto* const known = refused(name)) throw NotApplicable(known->why);
    if (refusal_of(replies[at].text) == Refusal::unavailable) throw RedisError(replies[at].text);
  }
  return replies;
}

std::shared_ptr<const Info> RedisSession::info(Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turns::Turn turn{turns_, deadline};
  begin(deadline);
  while (!info_) {
    const bool last = info_form_ + 1 == kInfoForms.size();
    try {
      auto reply = ask_in_turn(kInfoForms[info_form_], deadline);
      // A section that a server does not know is an empty reply.
      if (last || trim(reply.text).size() > 1) info_ = std::make_shared<const Info>(std::move(reply.text));
    } catch (const NotApplicable& error) {
      if (last) throw std::runtime_error(error.what());  // without INFO there is nothing to tell
    }
    if (!info_) std::erase(asked_, kInfoForms[info_form_++]);
  }
  return info_;
}

void RedisSession::begin(Clock::time_point deadline) {
  if (scrape_ == deadline) return;
  scrape_ = deadline;
  expected_ = std::exchange(asked_, {});
  answers_.clear();
  info_.reset();
  failure_ = nullptr;
  unavailable_ = nullptr;
  try {
    if (link_) {
      try {
        drain(deadline);
        measure_ping(deadline);
        return;
      } catch (const ConnectionLost&) {
        // The server may have closed the kept connection long ago: what matters is whether it answers now.
      } catch (const RedisError&) {
        // So it is with what it said when it closed it.
      }
    }
    open(deadline);
    measure_ping(deadline);
  } catch (...) {
    drop(std::current_exception());
  }
}

void RedisSession::open(Clock::time_point deadline) {
  link_.reset();
  pending_.clear();
  refused_.clear();
  info_form_ = 0;
  const auto start = Clock::now();
  link_ = std::make_unique<RedisLink>(Socket::connect(settings_.address, deadline));
  round_trips_.connect.observe(Clock::now() - start);
  log_in(deadline);
  named_ = settings_.client_name.empty();
}

void RedisSession::log_in(Clock::time_point deadline) {
  const auto start = Clock::now();
  const auto reply = authenticate(*link_, settings_.credentials, deadline);
  if (!reply) return;
  round_trips_.auth.observe(Clock::now() - start);
  if (reply->is_error()) fail_log_in(*reply);
}

void RedisSession::measure_ping(Clock::time_point deadline) {
  const auto start = Clock::now();
  Reply reply;
  try {
    reply = link_->ask(kPing, deadline);
  } catch (const Timeout&) {
    round_trips_.ping.observe(Clock::now() - start);  // else the slowest would be missing
    throw;
  }
  round_trips_.last_ping = Clock::now() - start;
  round_trips_.ping.observe(round_trips_.last_ping);
  if (!reply.is_error()) return;
  if (refusal_of(reply.text) != Refusal::unavailable) return;  // it has answered, if not to us
  const RedisError error{reply.text};
  // Nothing else is answered to who is not logged in, or has no place.
  if (error.code() != "LOADING" && error.code() != "BUSY") throw error;
  unavailable_ = std::make_exception_ptr(error);
}

void RedisSession::drain(Clock::time_point deadline) {
  while (!pending_.empty()) read_next(deadline);
}

RedisSession::Answer RedisSession::read_next(Clock::time_point deadline) {
  Answer answer{pending_.front(), link_->read(deadline)};
  pending_.pop_front();
  if (answer.reply.is_error()) note_refusal(answer.command, answer.reply.text);
  return answer;
}

void RedisSession::note_refusal(const Command& command, std::string_view error) {
  const auto refusal = refusal_of(error);
  if (refusal != Refusal::unsupported && refusal != Refusal::forbidden) return;
  const auto* const why =
      refusal == Refusal::unsupported ? "the server does not know " : "the server's user may not run ";
  refused_.push_back({command, why + name_of(command), Clock::now() + kRefusedFor});
}

const RedisSession::Refused* RedisSession::refused(const Command& command) {
  const auto found =
      std::find_if(refused_.begin(), refused_.end(), [&](const auto& one) { return one.command == command; });
  if (found == refused_.end()) return nullptr;
  if (Clock::now() < found->until) return &*found;
  refused_.erase(found);
  return nullptr;
}

bool RedisSession::under_way(const Command& command) const {
  return std::find(pending_.begin(), pending_.end(), command) != pending_.end() ||
         std::any_of(answers_.begin(), answers_.end(), [&](const auto& one) { return one.command == command; });
}

void RedisSession::send(const std::vector<Command>& wanted, Clock::time_point deadline) {
  std::vector<Command> commands;
  const auto add = [&](const Command& command) {
    if (refused(command) == nullptr && !under_way(command) &&
        std::find(commands.begin(), commands.end(), command) == commands.end()) {
      commands.push_back(command);
    }
  };
  for (const auto& command : wanted) add(command);
  if (commands.empty()) return;
  if (failure_) std::rethrow_exception(failure_);
  for (const auto& command : expected_) add(command);
  expected_.clear();
  transmit(std::move(commands), deadline);
}

void RedisSession::transmit(std::vector<Command> commands, Clock::time_point deadline) {
  if (failure_) std::rethrow_exception(failure_);
  if (!named_) commands.push_back({"CLIENT", "SETNAME", settings_.client_name});  // its answer matters to nobody
  named_ = true;
  try {
    link_->send(commands, deadline);
  } catch (...) {
    drop(std::current_exception());
  }
  pending_.insert(pending_.end(), commands.begin(), commands.end());
}

Reply RedisSession::ask_in_turn(const Command& command, Clock::time_point deadline) {
  if (const auto* const known = refused(command)) throw NotApplicable(known->why);
  send({command}, deadline);
  if (std::find(asked_.begin(), asked_.end(), command) == asked_.end()) asked_.push_back(command);
  auto reply = receive(command, deadline);
  if (!reply.is_error()) return reply;
  if (const auto* const now_known = refused(command)) throw NotApplicable(now_known->why);
  throw RedisError(reply.text);
}

Reply RedisSession::receive(const Command& command, Clock::time_point deadline) {
  const auto found =
      std::find_if(answers_.begin(), answers_.end(), [&](const auto& one) { return one.command == command; });
  if (found != answers_.end()) {
    auto reply = std::move(found->reply);
    answers_.erase(found);
    return reply;
  }
  if (failure_) std::rethrow_exception(failure_);
  try {
    while (true) {
      auto answer = read_next(deadline);
      if (answer.command == command) return std::move(answer.reply);
      answers_.push_back(std::move(answer));
    }
  } catch (...) {
    drop(std::current_exception());
  }
}

/// The replies of the last `count` commands sent; those of `earlier` ones, which come first, are kept for who asks.
std::vector<Reply> RedisSession::receive_all(std::size_t earlier, std::size_t count, Clock::time_point deadline) {
  std::vector<Reply> replies;
  replies.reserve(count);
  try {
    for (std::size_t at = 0; at < earlier; ++at) answers_.push_back(read_next(deadline));
    for (std::size_t at = 0; at < count; ++at) {
      replies.push_back(link_->read(deadline));
      pending_.pop_front();
    }
  } catch (...) {
    drop(std::current_exception());
  }
  return replies;
}

void RedisSession::drop(std::exception_ptr error) {
  link_.reset();
  pending_.clear();
  asked_.clear();  // one of them may be at fault: the next scrape sends one after another
  failure_ = error;
  std::rethrow_exception(std::move(error));
}

}  // namespace binnacle::cache
