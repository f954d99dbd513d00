// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds materialized views, a row each: datname, schemaname, relname, populated, and refreshed (Unix seconds; NULL:
/// not known). Throws NotApplicable when there is no row.
void add_matviews(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
