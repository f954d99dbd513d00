// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <poll.h>

namespace binnacle::breaker {

bool PollContext::stopped() const {
  pollfd polled{stop, POLLIN, 0};
  return stop >= 0 && ::poll(&polled, 1, 0) > 0;
}

}  // namespace binnacle::breaker
