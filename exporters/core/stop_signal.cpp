// SPDX-License-Identifier: Apache-2.0
#include "stop_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace binnacle {

StopSignal::StopSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw std::runtime_error("no file descriptor is left for another thread");
}

void StopSignal::raise() const {
  const std::uint64_t one = 1;
  // Fails only if the counter were full.
  [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

bool StopSignal::raised_before(Clock::time_point time) const {
  pollfd polled{event_.get(), POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()).count();
    constexpr long kLongestWait = 3'600'000;
    if (::poll(&polled, 1, static_cast<int>(std::clamp<long>(left, 0, kLongestWait))) > 0) return true;
    if (Clock::now() >= time) return false;
  }
}

}  // namespace binnacle
