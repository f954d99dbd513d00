// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_users_* from SHOW USERS: a row a user that PgBouncer knows. Before 1.23 it tells of no numbers.
void add_pgbouncer_users(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
