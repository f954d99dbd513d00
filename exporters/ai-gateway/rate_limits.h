// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace binnacle::gateway {

using Clock = std::chrono::steady_clock;

/// A row of a model's limits: at most so many requests, or tokens (input and output together), in any time of this
/// length. "1000 tokens in 60 s" holds for every 60 s, not only for those of the clock.
struct RateLimit {
  enum class Kind : std::uint8_t { requests, tokens };
  Kind kind = Kind::requests;
  std::uint64_t amount = 0;
  std::chrono::seconds per{60};
  bool operator==(const RateLimit&) const = default;
};
std::string_view name_of(RateLimit::Kind kind);

/// What was taken of the limits for one request, to be settled by what it really used.
struct Reservation {
  std::uint64_t tokens = 0;
  std::int64_t slot_ms = 0;  ///< when, on the clock of whoever keeps the count
  bool shared = false;       ///< kept in Redis
};

/// The request may not be made now.
struct LimitRefusal {
  RateLimit limit;
  std::chrono::milliseconds retry_after{0};
};

/// The limits of one model, all of which must have room: a sliding window each of 60 slots, and the one under way, so
/// that what was taken counts for `per` at least and for a 60th of it longer at most. For one thread; the time is the
/// caller's.
///
/// A token counts from when its request was let through. So in no stretch of `per` more is used than `amount`, as long
/// as no request uses more than was reserved for it; what requests under way use beyond that comes on top.
class RateLimits {
 public:
  static constexpr int kSlots = 60;
  static constexpr std::uint64_t kMostTokens = 1'000'000'000'000;  ///< a request's counts are cut to it

  explicit RateLimits(std::vector<RateLimit> limits);
  /// Other limits; those that stay keep their counts.
  void limits(std::vector<RateLimit> limits);
  [[nodiscard]] const std::vector<RateLimit>& limits() const;

  /// Takes one request and `tokens` of every limit, or nothing of any. A request that wants more than a whole limit is
  /// let through where that limit is untouched: it could never run else.
  std::variant<Reservation, LimitRefusal> reserve(std::uint64_t tokens, Clock::time_point now);
  /// The request used so many tokens: more or fewer than were reserved. After its slot has gone, what it used beyond
  /// the reservation counts from now.
  void settle(const Reservation& reservation, std::uint64_t tokens, Clock::time_point now);
  /// The request was not made at all: its request is given back, too.
  void refund(const Reservation& reservation, Clock::time_point now);

  /// What is left of a limit (by its index) just now; may be below 0 after a settlement.
  [[nodiscard]] std::int64_t remaining(std::size_t limit, Clock::time_point now) const;

 private:
  /// The counts of one limit, of tokens or requests by slots. Times are in ms.
  class Window {
   public:
    explicit Window(RateLimit limit) : limit_(limit), counts_(kSlots + 1) {}
    [[nodiscard]] const RateLimit& limit() const { return limit_; }
    void amount(std::uint64_t amount) { limit_.amount = amount; }

    /// Time passes: slots go that are over.
    void advance(std::int64_t now);
    [[nodiscard]] std::int64_t used() const;
    /// How long until so much of what is used has gone, at least 1.
    [[nodiscard]] std::int64_t wait(std::int64_t much, std::int64_t now) const;
    /// Adds to the slot of `time`. Where that has gone, to the slot under way, but only what is more than nothing.
    void add(std::int64_t count, std::int64_t time);

   private:
    [[nodiscard]] std::int64_t slot_of(std::int64_t time) const;
    [[nodiscard]] std::int64_t count(std::int64_t slot) const;

    RateLimit limit_;
    std::vector<std::int64_t> counts_;  // of slot s at s modulo their number
    std::int64_t newest_ = 0;           // the slot under way
    std::optional<std::int64_t> begun_;
  };
  std::vector<RateLimit> limits_;
  std::vector<Window> windows_;  // as many, in their order
};

}  // namespace binnacle::gateway
