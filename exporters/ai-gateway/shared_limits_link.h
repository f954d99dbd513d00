// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/redis/redis_link.h"
#include "core/redis/redis_url.h"
#include "shared_limits.h"

namespace binnacle::gateway {

/// Where the limits are kept.
struct SharedLimitsPlace {
  Address address;
  Credentials credentials;
  int database = 0;
};
/// Throws std::runtime_error.
SharedLimitsPlace place_of(const SharedLimits::Settings& settings);

/// One thing to ask of Redis.
struct LimitQuestion {
  enum class Script : std::uint8_t { reserve, correct };
  Script script = Script::reserve;
  std::vector<std::string> words;  ///< what follows the script's hash: keys and arguments
};
inline constexpr std::size_t kLimitScripts = 2;

/// Of RateLimits::reserve(), settle() and refund() what goes to Redis. Pure.
LimitQuestion reserve_question(const std::string& prefix, const std::string& model,
                               const std::vector<RateLimit>& limits, std::uint64_t tokens);
/// `requests`, `tokens`: what to add to the windows of that kind.
LimitQuestion correct_question(const std::string& prefix, const std::string& model,
                               const std::vector<RateLimit>& limits, const Reservation& reservation,
                               std::int64_t requests, std::int64_t tokens);
/// Throws ProtocolError for a reply that the script cannot have made.
std::variant<Reservation, LimitRefusal> read_reserved(const Reply& reply, const std::vector<RateLimit>& limits,
                                                      std::uint64_t tokens);

/// A connection that is logged in and knows the scripts. After any exception drop it.
class SharedLimitsLink {
 public:
  /// Throws std::runtime_error in time for the deadline, but for the time that name servers take.
  SharedLimitsLink(const SharedLimitsPlace& place, Clock::time_point deadline);

  void send(std::span<const LimitQuestion* const> questions, Clock::time_point deadline);
  /// The next reply. Throws Timeout, after which it may be called again, and what RedisLink::read() throws.
  Reply read(Clock::time_point deadline) { return link_.read(deadline); }
  /// Its reply is to be read. A user who may not run it is told so, which is an answer, too.
  void send_ping(Clock::time_point deadline);
  /// Redis has forgotten them: it was told to, or is another one now.
  void load_scripts(Clock::time_point deadline);

 private:
  Reply ask(const Command& command, Clock::time_point deadline);

  RedisLink link_;
  std::array<std::string, kLimitScripts> hashes_;
};

}  // namespace binnacle::gateway
