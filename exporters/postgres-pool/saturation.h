// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/collector.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds connections used, and against every limit that applies what is left. A row for the server (scope `server`),
/// each database (`database`) and each role that has sessions or a limit (`role`), with name, used, most (below 0: no
/// limit); for the server superuser_reserved, reserved and sees_all too. Throws std::runtime_error when sessions are
/// hidden.
void add_saturation(const Rows& rows, Output& out);

}  // namespace binnacle::pgpool
