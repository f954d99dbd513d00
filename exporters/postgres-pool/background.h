// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The views of one row that this version has: pg_stat_bgwriter, pg_stat_archiver, pg_stat_wal (14 on) and
/// pg_stat_checkpointer (17 on), side by side.
std::string background_sql(int version);

/// Adds pg_stat_bgwriter_*, pg_stat_archiver_*, pg_stat_wal_* and pg_stat_checkpointer_*.
void add_background(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
