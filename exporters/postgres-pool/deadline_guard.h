// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "core/collector.h"

namespace binnacle::pgpool {

/// Ends blocking calls on a socket that overrun their deadline, by shutting the socket down. One thread for all of
/// them, started with the first.
class DeadlineGuard {
 public:
  DeadlineGuard() = default;
  ~DeadlineGuard();
  DeadlineGuard(const DeadlineGuard&) = delete;
  DeadlineGuard& operator=(const DeadlineGuard&) = delete;

  /// Guards one call, for as long as it lives. `socket` must stay open meanwhile: give a duplicate that the library
  /// which makes the call cannot close.
  class Watch {
   public:
    Watch(DeadlineGuard& guard, int socket, Clock::time_point deadline);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Whether the deadline passed and the socket was shut down.
    [[nodiscard]] bool fired() const;

   private:
    friend class DeadlineGuard;
    DeadlineGuard& guard_;
    const int socket_;
    const Clock::time_point deadline_;
    bool fired_ = false;  // guarded by guard_.mutex_
  };

 private:
  void run();
  void fire_overdue(Clock::time_point now);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<Clock::time_point, Watch*>> watches_;
  Clock::time_point wakes_at_ = Clock::time_point::min();  // of the thread while it waits
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace binnacle::pgpool
