// SPDX-License-Identifier: Apache-2.0
#include "shared_limits_link.h"

#include <algorithm>
#include <stdexcept>

#include "core/text.h"
#include "shared_limits_script.h"

namespace binnacle::gateway {

namespace {

constexpr std::size_t kLongestReply = 65'536;

/// Redis' scripts count in floating point, which is exact up to here.
std::string amount_text(std::uint64_t amount) {
  constexpr std::uint64_t kMost = 1'000'000'000'000'000;
  return std::to_string(std::min(amount, kMost));
}

std::string ms_text(const RateLimit& limit) { return std::to_string(std::chrono::milliseconds{limit.per}.count()); }

std::vector<std::string> keys_of(const std::string& prefix, const std::string& model,
                                 const std::vector<RateLimit>& limits) {
  std::vector<std::string> words{std::to_string(limits.size())};
  for (const auto& limit : limits) {
    words.push_back(prefix + "{" + model + "}:" + std::string{name_of(limit.kind)} + ":" +
                    std::to_string(limit.per.count()));
  }
  return words;
}

/// The number behind a URL's host; parse_redis_url() has checked the rest.
int database_of(std::string_view url) {
  constexpr std::uint64_t kMost = 1'000'000;
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || url.starts_with("unix://")) return 0;
  url = url.substr(scheme + 3);
  url = url.substr(0, url.find('?'));
  const auto user = url.rfind('@');  // a password may hold a slash
  if (user != std::string_view::npos) url.remove_prefix(user + 1);
  const auto slash = url.find('/');
  const auto number = slash == std::string_view::npos ? std::nullopt : to_u64(url.substr(slash + 1));
  if (number.value_or(0) > kMost) throw std::runtime_error("expected a database's number after the port");
  return static_cast<int>(number.value_or(0));
}

}  // namespace

SharedLimitsPlace place_of(const SharedLimits::Settings& settings) {
  auto url = parse_redis_url(settings.url);
  SharedLimitsPlace place{std::move(url.address), std::move(url.credentials), database_of(settings.url)};
  if (!settings.credentials) return place;
  if (!settings.credentials->user.empty()) place.credentials.user = settings.credentials->user;
  if (settings.credentials->password) place.credentials.password = settings.credentials->password;
  return place;
}

LimitQuestion reserve_question(const std::string& prefix, const std::string& model,
                               const std::vector<RateLimit>& limits, std::uint64_t tokens) {
  LimitQuestion question{LimitQuestion::Script::reserve, keys_of(prefix, model, limits)};
  question.words.push_back(std::to_string(tokens));
  for (const auto& limit : limits) {
    question.words.insert(question.words.end(),
                          {std::string{name_of(limit.kind)}, amount_text(limit.amount), ms_text(limit)});
  }
  return question;
}

LimitQuestion correct_question(const std::string& prefix, const std::string& model,
                               const std::vector<RateLimit>& limits, const Reservation& reservation,
                               std::int64_t requests, std::int64_t tokens) {
  LimitQuestion question{LimitQuestion::Script::correct, keys_of(prefix, model, limits)};
  question.words.push_back(std::to_string(reservation.slot_ms));
  for (const auto& limit : limits) {
    const auto count = limit.kind == RateLimit::Kind::requests ? requests : tokens;
    question.words.insert(question.words.end(), {std::to_string(count), ms_text(limit)});
  }
  return question;
}

std::variant<Reservation, LimitRefusal> read_reserved(const Reply& reply, const std::vector<RateLimit>& limits,
                                                      std::uint64_t tokens) {
  const auto number = [&](std::size_t at) -> long long {
    const auto* const element = reply.at(at);
    if (element == nullptr || element->type != Reply::Type::integer || element->integer < 0) {
      throw ProtocolError("the server's answer is not that of the script");
    }
    return element->integer;
  };
  if (number(0) == 1) return Reservation{.tokens = tokens, .slot_ms = number(1), .shared = true};
  const auto row = static_cast<std::size_t>(number(1));
  if (row < 1 || row > limits.size()) throw ProtocolError("the server's answer is not that of the script");
  return LimitRefusal{limits[row - 1], std::chrono::milliseconds{std::max<long long>(1, number(2))}};
}

SharedLimitsLink::SharedLimitsLink(const SharedLimitsPlace& place, Clock::time_point deadline)
    : link_(Socket::connect(place.address, deadline), {.bytes = kLongestReply}) {
  // Never the server's words: one that knows no AUTH repeats its arguments.
  const auto logged_in = authenticate(link_, place.credentials, deadline);
  if (logged_in && logged_in->is_error()) throw std::runtime_error("the server refused user or password");
  if (place.database != 0) ask({"SELECT", std::to_string(place.database)}, deadline);
  load_scripts(deadline);
}

Reply SharedLimitsLink::ask(const Command& command, Clock::time_point deadline) {
  auto reply = link_.ask(command, deadline);
  if (reply.is_error()) throw RedisError(reply.text);
  return reply;
}

void SharedLimitsLink::load_scripts(Clock::time_point deadline) {
  constexpr std::array<std::string_view, kLimitScripts> kScripts{kReserveScript, kCorrectScript};
  for (std::size_t at = 0; at < kScripts.size(); ++at) {
    hashes_[at] = ask({"SCRIPT", "LOAD", std::string{kScripts[at]}}, deadline).text;
  }
}

void SharedLimitsLink::send_ping(Clock::time_point deadline) {
  static const std::vector<Command> kPing{{"PING"}};
  link_.send(kPing, deadline);
}

void SharedLimitsLink::send(std::span<const LimitQuestion* const> questions, Clock::time_point deadline) {
  std::vector<Command> commands;
  commands.reserve(questions.size());
  for (const auto* const question : questions) {
    Command command{"EVALSHA", hashes_[static_cast<std::size_t>(question->script)]};
    command.insert(command.end(), question->words.begin(), question->words.end());
    commands.push_back(std::move(command));
  }
  link_.send(commands, deadline);
}

}  // namespace binnacle::gateway
