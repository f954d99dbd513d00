// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/collector.h"
#include "observation.h"

namespace binnacle::breaker {

/// What a source said at one poll.
struct Reading {
  /// All breakers that it has now: one that is missing is `unknown` from now on, and goes when it stays away.
  std::vector<Observation> breakers;
  /// How often, since the last poll, something may have happened there that nobody can tell any more.
  std::uint64_t gaps = 0;
};

/// Why a source could not be read: the label `reason`.
enum class Failure : std::uint8_t {
  timeout,       ///< no (whole) answer in time
  unreachable,   ///< no connection, or it broke
  unauthorized,  ///< HTTP 401 and 403, Redis' NOAUTH, WRONGPASS and NOPERM
  refused,       ///< any other answer that says no: HTTP 404, 500, an error of Redis
  too_large,     ///< more bytes than we take
  bad_reply,     ///< an answer that is not what such a source says
};
inline constexpr std::array<std::string_view, 6> kFailureNames{"timeout", "unreachable", "unauthorized",
                                                               "refused", "too_large",   "bad_reply"};

/// A source could not be read. The message is one line for people, without secrets; it need not name the source.
class SourceError : public std::runtime_error {
 public:
  SourceError(Failure failure, const std::string& message) : std::runtime_error(message), failure_(failure) {}
  [[nodiscard]] Failure failure() const { return failure_; }

 private:
  Failure failure_;
};

/// What a poll may use.
struct PollContext {
  Clock::time_point deadline;
  /// Readable once the exporter ends, or the source was taken out of the config: return or throw soon then.
  int stop = -1;

  /// Whether `stop` is readable. Does not wait.
  [[nodiscard]] bool stopped() const;
};

/// A place that knows of breakers. One thread polls it, at an interval; what it keeps between polls (a connection, the
/// counters of the last one) is its own.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// Reads all breakers. Throws SourceError; binnacle::Timeout, ConnectionLost and std::runtime_error of core's sockets
  /// are taken as timeout and unreachable. After a throw the next poll begins anew.
  virtual Reading poll(const PollContext& context) = 0;
};

}  // namespace binnacle::breaker
