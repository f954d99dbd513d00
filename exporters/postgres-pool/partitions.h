// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds what is told of partitioned tables, a row each: datname, schemaname, relname, partitions, default_rows (NULL:
/// no default partition), and for tables by ranges of time by_time, ahead (seconds) and covered. Throws NotApplicable
/// when there is no row.
void add_partitions(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
