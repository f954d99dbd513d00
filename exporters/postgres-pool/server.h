// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds what one row tells of the server: version, version_num, start_time (Unix seconds), in_recovery. Throws
/// std::runtime_error when there is no row.
void add_server(const Rows& rows, Families& families);

/// server_version_num as three numbers: 150018 is "15.18.0".
std::string short_version(int version_num);

}  // namespace binnacle::pgpool
