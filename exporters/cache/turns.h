// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

#include "core/socket.h"

namespace binnacle::cache {

/// Lets those who share a connection use it one after another, and none wait past its deadline.
class Turns {
 public:
  /// The right to use the connection, while it lives. Throws Timeout when it does not come before the deadline.
  class Turn {
   public:
    Turn(Turns& turns, Clock::time_point deadline) : turns_(turns) {
      std::unique_lock lock{turns_.mutex_};
      if (!turns_.freed_.wait_until(lock, deadline, [this] { return !turns_.taken_; })) {
        throw Timeout("the connection is still busy with an earlier scrape");
      }
      turns_.taken_ = true;
    }
    ~Turn() {
      {
        const std::scoped_lock lock{turns_.mutex_};
        turns_.taken_ = false;
      }
      turns_.freed_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Turns& turns_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;
};

/// How long before the scrape's deadline a request ends. A collector that came back after it would be missing from the
/// next scrape as well, which may come at once.
inline constexpr std::chrono::milliseconds kReturnMargin{150};

}  // namespace binnacle::cache
