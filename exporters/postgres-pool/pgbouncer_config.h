// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pgbouncer_config_* from SHOW CONFIG: a row a setting.
void add_pgbouncer_config(const Rows& rows, Families& families);

/// The setting query_wait_timeout in seconds; nothing when it is off.
std::optional<double> query_wait_timeout_of(const Rows& rows);

}  // namespace binnacle::pgpool
