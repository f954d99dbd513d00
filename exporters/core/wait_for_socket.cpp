// SPDX-License-Identifier: Apache-2.0
#include "wait_for_socket.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace binnacle {

bool wait_for_socket(int socket, short events, Clock::time_point deadline) {
  pollfd polled{socket, events, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    constexpr long kLongestWait = 3'600'000;
    const int ready = ::poll(&polled, 1, static_cast<int>(std::min<long>(left, kLongestWait)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) {
      throw std::runtime_error("poll failed: " + std::generic_category().message(errno));
    }
  }
}

}  // namespace binnacle
