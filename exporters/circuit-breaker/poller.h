// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "breaker_table.h"
#include "core/duration_histogram.h"
#include "core/stop_signal.h"
#include "source.h"

namespace binnacle::breaker {

/// How the polls of a source went.
struct PollRecord {
  bool up = false;  ///< whether the last one succeeded
  std::uint64_t polls = 0;
  std::array<std::uint64_t, kFailureNames.size()> failures{};
  std::uint64_t gaps = 0;
  DurationHistogram durations{};
  std::optional<std::chrono::system_clock::time_point> last_success{};
  std::string error{};  ///< of the last poll; empty when it succeeded
};

/// Polls one source at an interval, on a thread of its own, whether anybody scrapes or not.
class Poller {
 public:
  struct Settings {
    std::string name;  ///< the source's, for the log
    std::chrono::milliseconds interval;
    std::chrono::milliseconds timeout;  ///< of one poll
  };

  /// Throws std::runtime_error when no descriptor is left.
  Poller(Settings settings, std::unique_ptr<Source> source, std::shared_ptr<BreakerTable> table);
  /// Ends a poll that is under way; only a name server's answer is waited for.
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Waits until the first poll has ended, or until the deadline. Costs nothing from then on.
  void wait_for_first(Clock::time_point deadline) const;
  [[nodiscard]] PollRecord record() const;

 private:
  struct Outcome {
    std::optional<Failure> failure;
    std::string error;
    std::uint64_t gaps = 0;
  };
  void run();
  Outcome poll_once();
  void note(const Outcome& outcome, Clock::duration took);

  const Settings settings_;
  const std::unique_ptr<Source> source_;
  const std::shared_ptr<BreakerTable> table_;
  const StopSignal stop_;
  mutable std::mutex mutex_;  // of record_
  mutable std::condition_variable polled_;
  PollRecord record_;
  std::thread thread_;
};

}  // namespace binnacle::breaker
