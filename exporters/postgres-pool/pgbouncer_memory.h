// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_memory_* from SHOW MEM: a row a cache of objects of one size.
void add_pgbouncer_memory(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
