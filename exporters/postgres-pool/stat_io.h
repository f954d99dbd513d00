// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// pg_stat_io of this version. Throws NotApplicable below PostgreSQL 16.
std::string stat_io_sql(int version);

/// Adds pg_stat_io_*{backend_type,object,context}.
void add_stat_io(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
