// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The `limit` statements of pg_stat_statements that took the most time, for all its versions from 1.7 (PostgreSQL 12)
/// on; never their texts. `members` is an array literal of the last answer's query ids: they count double, so that the
/// set is stable and counters do not come and go.
std::string stat_statements_sql(int limit, const std::string& members);

/// Adds pg_stat_statements_*{user,datname,queryid}.
void add_stat_statements(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
