// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds PgBouncer's counts of its own objects from SHOW LISTS: a row a list.
void add_pgbouncer_lists(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
