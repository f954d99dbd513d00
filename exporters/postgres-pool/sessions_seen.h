// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rows.h"

namespace binnacle::pgpool {

/// Throws std::runtime_error unless the first row's column `sees_all` is true. Whoever is no member of
/// pg_read_all_stats is not shown other users' sessions in full: they would be counted as not there.
void require_sees_all(const Rows& rows);

}  // namespace binnacle::pgpool
