// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collector.h"

namespace binnacle {

/// Waits until the socket is ready for `events` of poll(2), or has failed. False: the deadline passed. Throws
/// std::runtime_error.
bool wait_for_socket(int socket, short events, Clock::time_point deadline);

}  // namespace binnacle
