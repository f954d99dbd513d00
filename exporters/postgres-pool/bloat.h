// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds the estimated bloat: rows `table` (datname, schemaname, relname, bytes: the table's, excess) and one `unknown`
/// (datname, tables, estimated: Unix seconds).
void add_bloat(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
