// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_stat_database_conflicts_*{datid,datname}.
void add_database_conflicts(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
