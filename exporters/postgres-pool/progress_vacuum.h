// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_stat_progress_vacuum_*{datname,relname}: a row for each vacuum under way, with the columns of this version,
/// and relation_name.
void add_progress_vacuum(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
