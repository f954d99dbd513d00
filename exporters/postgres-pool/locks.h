// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_locks_count{datname,mode} from rows of datname, mode and count.
void add_locks(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
