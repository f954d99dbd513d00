// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/collector.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The statement for a server's version. Rows: `workers` (used, most), one `reason` for each reason to vacuum (datname,
/// tables: how many are overdue, ratio: of the most overdue), `table` (the most overdue ones: datname, schemaname,
/// relname, reason, ratio) and `disabled` (datname, tables).
std::string vacuum_sql(int version);

/// Adds autovacuum's workers, and the tables that are past the thresholds that apply to them.
void add_vacuum(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
