// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_stat_replication_*: a row for each replica that streams from this server.
void add_stat_replication(const Rows& rows, Families& families);

/// Adds pg_replication_slots_*: a row for each slot, with the columns of this version.
void add_replication_slots(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
