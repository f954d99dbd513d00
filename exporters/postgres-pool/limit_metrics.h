// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "column_metrics.h"

namespace binnacle::pgpool {

/// As add_columns(), for limits: a 0 means "no limit" in PgBouncer and adds nothing, so that none is divided by it.
void add_limits(const Rows& rows, std::span<const ColumnLabel> labels, std::span<const ColumnMetric> metrics,
                Families& families);

/// A limit's value; nothing for 0 (no limit), NULL, an absent column and no number. PgBouncer pads some with blanks.
std::optional<double> limit_of(const Row& row, std::string_view column);

}  // namespace binnacle::pgpool
