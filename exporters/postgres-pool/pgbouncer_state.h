// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_state from SHOW STATE: a row a state, one of which is "yes".
void add_pgbouncer_state(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
