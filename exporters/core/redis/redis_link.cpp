// SPDX-License-Identifier: Apache-2.0
#include "redis_link.h"

#include <cstring>

#include "core/text.h"

namespace binnacle {

namespace {

constexpr std::size_t kLongestMessage = 200;
constexpr std::size_t kRoom = 131'072;  // for the longest password and its user

std::string one_line(std::string_view text) {
  auto line = to_utf8(text.substr(0, kLongestMessage));
  for (auto& byte : line) {
    if (static_cast<unsigned char>(byte) < ' ' || byte == 0x7f) byte = '?';
  }
  return line;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

RedisError::RedisError(std::string_view text)
    : std::runtime_error("the server answered: " + one_line(text)), code_(first_word(text)) {}

Refusal refusal_of(std::string_view error) {
  const auto code = first_word(error);
  if (code == "NOPERM") return contains(error, "to access") ? Refusal::other_key : Refusal::forbidden;
  if (code == "LOADING" || code == "BUSY" || code == "NOAUTH") return Refusal::unavailable;
  if (contains(error, "max number of clients")) return Refusal::unavailable;
  if (contains(error, "DENIED Redis is running in protected mode") || code == "DENIED") return Refusal::unavailable;
  // Words of Redis since 2.6, KeyDB, Valkey and Dragonfly, in either case. Older ones find a subcommand that they do
  // not know a syntax error.
  for (const auto* const words :
       {"unknown command", "Unknown command", "unknown subcommand", "Unknown subcommand", "Unknown sub-command",
        "cluster support disabled", "wrong number of arguments", "syntax error"}) {
    if (contains(error, words)) return Refusal::unsupported;
  }
  return Refusal::none;
}

void RedisLink::send(std::span<const Command> commands, Clock::time_point deadline) {
  std::string bytes;
  for (const auto& command : commands) append_command(command, bytes);
  socket_.write_all(bytes, deadline);
}

Reply RedisLink::read(Clock::time_point deadline) {
  for (;;) {
    if (auto reply = reader_.next()) return *std::move(reply);
    const auto got = socket_.read_some(buffer_, deadline);
    reader_.feed({buffer_.data(), got});
  }
}

Reply RedisLink::ask(const Command& command, Clock::time_point deadline) {
  std::string bytes;
  bytes.reserve(kRoom);  // growing would leave copies of a password behind
  append_command(command, bytes);
  const auto wipe = [&bytes] { ::explicit_bzero(bytes.data(), bytes.size()); };  // it may be AUTH
  try {
    socket_.write_all(bytes, deadline);
  } catch (const ConnectionLost&) {
    wipe();
    return read(deadline);  // a server without room sends an error, then closes: it may be here already
  } catch (...) {
    wipe();
    throw;
  }
  wipe();
  return read(deadline);
}

std::optional<Reply> authenticate(RedisLink& link, const Credentials& credentials, Clock::time_point deadline) {
  if (!credentials.password) return std::nullopt;
  Command auth{"AUTH"};
  if (!credentials.user.empty()) auth.push_back(credentials.user);
  auth.push_back(credentials.password->reveal());
  const auto wipe = [&auth] { ::explicit_bzero(auth.back().data(), auth.back().size()); };
  try {
    auto reply = link.ask(auth, deadline);
    wipe();
    return reply;
  } catch (...) {
    wipe();
    throw;
  }
}

}  // namespace binnacle
