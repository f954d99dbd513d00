// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds the ages of each database's transactions, statements and idle transactions, of prepared transactions, and how
/// far transaction ids are from being used up: one row a database. Throws std::runtime_error when sessions are hidden.
void add_age(const Rows& rows, Output& out);

}  // namespace binnacle::pgpool
