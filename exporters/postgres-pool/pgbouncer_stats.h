// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_stats_totals_* from SHOW STATS_TOTALS: a row a database.
void add_pgbouncer_stats(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
