// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "breaker_state.h"
#include "collector.h"
#include "log_histogram.h"

namespace binnacle {

/// How far back a window of calls reaches.
struct WindowSize {
  std::uint32_t calls = 0;  ///< so many calls; 0: as long as `time`
  std::chrono::milliseconds time{60'000};

  bool operator==(const WindowSize&) const = default;
};

/// The calls of a window, added up.
struct WindowTotals {
  std::array<std::uint64_t, kCallResultCount> calls{};  ///< by result

  /// Calls that were made and count: all but the ignored and the rejected.
  [[nodiscard]] std::uint64_t counted() const;
  /// 0 to 1: failures and timeouts among those that count. Nothing without any.
  [[nodiscard]] std::optional<double> failure_ratio() const;
  /// 0 to 1: slow ones among those that count. Nothing without any.
  [[nodiscard]] std::optional<double> slow_ratio() const;
};

/// The last calls, or those of the last seconds: how they ended and how long they took.
///
/// It is a ring of ten slots, which are forgotten one at a time: it has at most what WindowSize says, and at least nine
/// tenths of that (of fewer than ten calls: exactly that). Rejected and ignored calls do not move a window of calls on.
class CallWindow {
 public:
  explicit CallWindow(WindowSize size);

  /// `count` calls that ended alike. `seconds` is the duration of each, if it is known.
  void record(CallResult result, std::optional<double> seconds, Clock::time_point now, std::uint32_t count = 1);
  [[nodiscard]] WindowTotals totals(Clock::time_point now) const;
  /// Of the calls whose duration is known.
  [[nodiscard]] LogHistogram durations(Clock::time_point now) const;
  void clear();

 private:
  struct Slot {
    std::int64_t number = -1;  // of the stretch that it holds
    std::uint64_t moved = 0;   // calls that fill it
    std::array<std::uint32_t, kCallResultCount> calls{};
    LogHistogram durations;

    void clear();
  };
  Slot& current(Clock::time_point now);
  /// Whether a slot is part of the window now.
  [[nodiscard]] bool holds(const Slot& slot, Clock::time_point now) const;
  [[nodiscard]] std::int64_t number_at(Clock::time_point now) const;

  WindowSize size_;
  std::uint64_t slot_calls_ = 0;  // of a window of calls: how many a slot takes
  std::int64_t newest_ = 0;       // of a window of calls: the stretch that is being filled
  std::vector<Slot> slots_;
};

}  // namespace binnacle
