// SPDX-License-Identifier: Apache-2.0
#include "waker.h"

namespace binnacle::gateway {

Task<bool> Waker::wait(std::chrono::steady_clock::time_point until) {
  if (!woken_) {
    timer_.expires_at(until);
    co_await timer_.async_wait(kAwait);
  }
  co_return woken_;
}

}  // namespace binnacle::gateway
