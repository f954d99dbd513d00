// SPDX-License-Identifier: Apache-2.0
#include "deadline_guard.h"

#include <sys/socket.h>

namespace binnacle::pgpool {

DeadlineGuard::~DeadlineGuard() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

DeadlineGuard::Watch::Watch(DeadlineGuard& guard, int socket, Clock::time_point deadline)
    : guard_(guard), socket_(socket), deadline_(deadline) {
  const std::scoped_lock lock{guard_.mutex_};
  guard_.watches_.insert({deadline_, this});
  if (!guard_.thread_.joinable()) {
    guard_.thread_ = std::thread{[&owner = guard_] { owner.run(); }};
  } else if (deadline_ < guard_.wakes_at_) {
    guard_.changed_.notify_one();
  }
}

DeadlineGuard::Watch::~Watch() {
  // The thread is left to wake for nothing: most calls end long before their deadline.
  const std::scoped_lock lock{guard_.mutex_};
  guard_.watches_.erase({deadline_, this});
}

bool DeadlineGuard::Watch::fired() const {
  const std::scoped_lock lock{guard_.mutex_};
  return fired_;
}

void DeadlineGuard::run() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    fire_overdue(Clock::now());
    wakes_at_ = watches_.empty() ? Clock::time_point::max() : watches_.begin()->first;
    if (watches_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, wakes_at_);
    }
  }
}

void DeadlineGuard::fire_overdue(Clock::time_point now) {
  while (!watches_.empty() && watches_.begin()->first <= now) {
    auto* const watch = watches_.begin()->second;
    watches_.erase(watches_.begin());
    ::shutdown(watch->socket_, SHUT_RDWR);
    watch->fired_ = true;
  }
}

}  // namespace binnacle::pgpool
