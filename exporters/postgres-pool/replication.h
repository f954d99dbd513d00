// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds what the one row tells of this server's part in replication: as a primary its WAL position, as a replica its
/// lag, positions and WAL receiver.
/// The fact replication_lag_seconds, of a replica, is the age of its data while nothing is streamed.
void add_replication(const Rows& rows, Output& out);

}  // namespace binnacle::pgpool
