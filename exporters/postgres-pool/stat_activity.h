// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The sessions of pg_stat_activity but our own, grouped; a row for each database and state even where it has none.
/// Without application names their column is NULL.
std::string stat_activity_sql(bool application_names);

/// Adds pg_stat_activity_*, as postgres_exporter has them. There are no more series than sessions and empty states.
/// Throws std::runtime_error where `sees_all` says that sessions are hidden.
void add_stat_activity(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
