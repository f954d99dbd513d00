// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/credentials.h"
#include "rate_limits.h"

namespace binnacle::gateway {

/// Limits that several gateways keep together in one Redis: the same sliding windows, counted by a script that Redis
/// runs as a whole. Keys: "PREFIX{MODEL}:KIND:SECONDS", each a hash of slot number to count, gone by itself after its
/// window.
///
/// A thread of its own talks to Redis, and sends what waits in one go; another one connects, so that a Redis that does
/// not answer, or a name server, keeps nobody waiting longer than `timeout`. After a failure nothing is asked for
/// `retry`; where nobody asks anything, a PING every 2 s shows whether Redis is there. Safe to use from any thread;
/// answers are given on its thread. Works with Redis 5 and later, of which the user needs EVALSHA, SCRIPT LOAD, TIME,
/// PEXPIRE and the commands of hashes; not with a cluster of several nodes.
class SharedLimits {
 public:
  struct Settings {
    std::string url;  ///< redis://[user@]host:port[/db] or a socket's path, without a password
    std::optional<Credentials> credentials;
    std::string prefix = "aigw:";
    std::chrono::milliseconds timeout{100};  ///< of one answer; then the caller's local limits decide
    std::chrono::milliseconds retry{1000};   ///< after Redis was away
    bool operator==(const Settings&) const = default;
  };
  /// Nothing: Redis is away, and local limits have to do.
  using Answer = std::optional<std::variant<Reservation, LimitRefusal>>;

  static constexpr std::size_t kMostWaiting = 10'000;  ///< for Redis; more are answered with nothing

  /// Throws std::runtime_error, with one line without the URL, when it is none.
  explicit SharedLimits(Settings settings);
  /// Answers what waits with nothing. Waits for no name server: the thread that asks one ends by itself.
  ~SharedLimits();
  SharedLimits(const SharedLimits&) = delete;
  SharedLimits& operator=(const SharedLimits&) = delete;

  /// `done` is called once, on this object's thread, within the timeout. It must not throw. A reservation that Redis
  /// grants later than that is refunded. No two limits may have both kind and time in common.
  void reserve(const std::string& model, std::vector<RateLimit> limits, std::uint64_t tokens,
               std::function<void(Answer)> done);
  /// Without an answer: what cannot be told to Redis now is dropped, and counted.
  void settle(const std::string& model, const std::vector<RateLimit>& limits, const Reservation& reservation,
              std::uint64_t tokens);
  void refund(const std::string& model, const std::vector<RateLimit>& limits, const Reservation& reservation);

  /// Connected, and the last answer came in time.
  [[nodiscard]] bool up() const;
  [[nodiscard]] const Settings& settings() const;
  struct Counts {
    std::uint64_t asked = 0;    ///< reservations
    std::uint64_t failed = 0;   ///< of those, without an answer
    std::uint64_t dropped = 0;  ///< settlements that never reached Redis
  };
  [[nodiscard]] Counts counts() const;

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace binnacle::gateway
