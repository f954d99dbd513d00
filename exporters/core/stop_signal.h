// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collector.h"
#include "unique_fd.h"

namespace binnacle {

/// Tells a thread that waits, for a time or for sockets, to end.
class StopSignal {
 public:
  /// Throws std::runtime_error when no descriptor is left.
  StopSignal();

  void raise() const;
  /// Waits until `time`. True, and at once: it was raised.
  [[nodiscard]] bool raised_before(Clock::time_point time) const;
  /// For poll(2): readable from raise() on.
  [[nodiscard]] int fd() const { return event_.get(); }

 private:
  const UniqueFd event_;
};

}  // namespace binnacle
