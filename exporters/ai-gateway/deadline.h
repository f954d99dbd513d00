// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "asio.h"

namespace binnacle::gateway {

/// Closes a socket when the operation that waits for it has not ended in time. Moving the time on costs nothing: the
/// timer is armed again only when it fires too early, or has to fire earlier. For the proxy's thread.
class Deadline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `socket` must live longer.
  explicit Deadline(Socket& socket);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// For the operation that begins now.
  void set(TimePoint until);
  /// That operation has ended. Returns its error: beast::error::timeout where its time was over.
  error_code end(error_code error);

 private:
  struct State;
  static void arm(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the timer's handler, which may come after all else has gone
};

}  // namespace binnacle::gateway
