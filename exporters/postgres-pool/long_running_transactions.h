// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds pg_long_running_transactions and its oldest age from a row of transactions and oldest (0: there is none).
/// Throws std::runtime_error where `sees_all` says that sessions are hidden.
void add_long_running_transactions(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
