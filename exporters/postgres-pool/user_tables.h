// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The tables of the session's database with the largest share of all pages or of all rows written, `limit` of them.
/// `members` is an array literal of the last answer's OIDs: who is in it counts double, so that the set is stable.
std::string user_tables_sql(int limit, const std::string& members);

/// The same for indexes, by their share of all pages.
std::string user_indexes_sql(int limit, const std::string& members);

/// Adds pg_stat_user_tables_* and pg_statio_user_tables_*.
void add_user_tables(const Rows& rows, Families& families);

/// Adds pg_stat_user_indexes_* and pg_statio_user_indexes_*.
void add_user_indexes(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
