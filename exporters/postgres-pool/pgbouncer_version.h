// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_version_info from SHOW VERSION. Throws std::runtime_error when it told no version.
void add_pgbouncer_version(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
