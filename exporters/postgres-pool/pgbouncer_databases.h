// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_databases_* from SHOW DATABASES: a row a database that clients may ask for.
void add_pgbouncer_databases(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
