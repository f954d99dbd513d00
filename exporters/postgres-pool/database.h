// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_stat_database_*: a row a database, with the columns of pg_stat_database that this version has, and
/// stats_reset_epoch in Unix seconds.
void add_database(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
