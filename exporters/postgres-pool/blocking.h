// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/collector.h"
#include "rows.h"

namespace binnacle::pgpool {

/// The statement for a server's version. Three kinds of rows: `database` (datname), `locks` (datname, mode, granted,
/// waiting: how many) and `session` (datname, pid, waits, waited: seconds, blockers: process ids with commas).
std::string blocking_sql(int version);

/// Adds locks held and awaited, and who waits for whom.
void add_blocking(const Rows& rows, Output& out);

}  // namespace binnacle::pgpool
