// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_wal_segments and pg_wal_size_bytes.
void add_wal(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
