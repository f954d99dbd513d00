// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "memcached_stats.h"

namespace binnacle::cache {

/// What `stats` tells of the server as a whole, extstore's and the proxy's numbers too where it has them.
void add_memcached_server(const Stats& stats, Output& out);

}  // namespace binnacle::cache
