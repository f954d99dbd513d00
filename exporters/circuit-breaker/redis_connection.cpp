// SPDX-License-Identifier: Apache-2.0
#include "redis_connection.h"

#include <algorithm>
#include <chrono>
#include <span>

namespace binnacle::breaker {

namespace {

using namespace std::chrono_literals;

constexpr auto kSlice = 100ms;                                // how long a stop may go unnoticed
constexpr std::size_t kLongestReply = std::size_t{4} << 20U;  // a breaker's state has some hundred bytes
constexpr std::size_t kAtOnce = 500;  // commands that fit into any socket's buffer, so that sending never waits

/// Never the server's words: one that knows no AUTH repeats its arguments.
SourceError log_in_failure(std::string_view error) {
  if (refusal_of(error) == Refusal::unsupported) {
    return {Failure::unauthorized, "the server does not know AUTH with these arguments (users exist since Redis 6)"};
  }
  if (refusal_of(error) == Refusal::unavailable && !error.starts_with("NOAUTH")) return redis_failure(error);
  if (error.find("without any password configured") != std::string_view::npos) {
    return {Failure::unauthorized, "a password is given, but the server's default user has none"};
  }
  return {Failure::unauthorized, "the server refused user or password"};
}

}  // namespace

SourceError redis_failure(std::string_view text) {
  const RedisError error{text};
  const auto& code = error.code();
  if (code == "MOVED" || code == "ASK" || code == "CLUSTERDOWN" || code == "CROSSSLOT") {
    return {Failure::refused, "this is a node of a Redis Cluster, which is not supported"};
  }
  const bool unauthorized = code == "NOAUTH" || code == "NOPERM" || code == "WRONGPASS" || code == "DENIED";
  return {unauthorized ? Failure::unauthorized : Failure::refused, error.what()};
}

RedisConnection::RedisConnection(const RedisSettings& settings, const PollContext& context)
    : link_(Socket::connect(settings.address, context.deadline), {.bytes = kLongestReply}) {
  const auto logged_in = authenticate(link_, settings.credentials, context.deadline);
  if (logged_in && logged_in->is_error()) throw log_in_failure(logged_in->text);
  if (settings.database == 0) return;
  const auto replies = ask({{"SELECT", std::to_string(settings.database)}}, context);
  if (replies.front().is_error()) throw redis_failure(replies.front().text);
}

std::vector<Reply> RedisConnection::ask(const std::vector<Command>& commands, const PollContext& context) {
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  std::span<const Command> rest{commands};
  try {
    while (!rest.empty()) {
      const auto some = rest.first(std::min(kAtOnce, rest.size()));
      link_.send(some, context.deadline);
      for (std::size_t at = 0; at < some.size(); ++at) replies.push_back(read(context));
      rest = rest.subspan(some.size());
    }
  } catch (const ProtocolError& error) {
    throw SourceError(Failure::bad_reply, error.what());
  }
  return replies;
}

/// A read that timed out took nothing off the connection that the next one would miss.
Reply RedisConnection::read(const PollContext& context) {
  for (;;) {
    try {
      return link_.read(std::min<Clock::time_point>(context.deadline, Clock::now() + kSlice));
    } catch (const Timeout&) {
      if (Clock::now() >= context.deadline) throw;
    }
    if (context.stopped()) throw SourceError(Failure::unreachable, "given up, since the exporter ends");
  }
}

}  // namespace binnacle::breaker
