// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "pool_limits.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_pools_* from SHOW POOLS: a row a pool, which is a pair of database and user.
void add_pgbouncer_pools(const Rows& rows, Families& families);

/// Adds how many server connections each pool may have, and the facts that its health is judged by:
///   pool_saturation    server connections in use / those that it may have
///   pool_queue         clients that wait / server connections that it may have
///   pool_wait_seconds  how long the first of them has waited
///   pool_wait_ratio    the same / query_wait_timeout
/// A fact without a limit to compare with is left out.
void add_pgbouncer_pool_facts(const Rows& rows, const PoolLimits& limits, Output& out);

}  // namespace binnacle::pgpool
