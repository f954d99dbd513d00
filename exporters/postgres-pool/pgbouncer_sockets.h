// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds the number of connections by database, user and state from SHOW CLIENTS and SHOW SERVERS: a row a connection.
/// `by_application` adds the label application_name, which clients choose freely.
void add_pgbouncer_clients(const Rows& rows, bool by_application, Families& families);
void add_pgbouncer_servers(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
