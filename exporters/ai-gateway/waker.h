// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "asio.h"

namespace binnacle::gateway {

/// Has one coroutine wait until another part of the loop wakes it, or a time has come.
class Waker {
 public:
  explicit Waker(asio::io_context& loop) : timer_(loop.get_executor()) {}

  /// From now on a wait() ends, also one that is yet to come, until reset().
  void wake() {
    woken_ = true;
    timer_.cancel();
  }
  void reset() { woken_ = false; }
  [[nodiscard]] bool woken() const { return woken_; }

  /// True: it was woken; false: the time has come.
  Task<bool> wait(std::chrono::steady_clock::time_point until);

 private:
  Timer timer_;
  bool woken_ = false;
};

}  // namespace binnacle::gateway
