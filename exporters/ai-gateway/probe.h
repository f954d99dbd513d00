// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proxy.h"

namespace binnacle::gateway {

/// For ever: asks the upstreams whose config says `probe` for that path at its interval, and notes whether an answer
/// below 500 came. Breakers and limits are not told: a probe costs nothing and proves little.
Task<void> probe_upstreams(Proxy& proxy);

}  // namespace binnacle::gateway
