// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Adds sizes and connection limits from rows of datname, datconnlimit and size (NULL where we may not know it).
void add_database_size(const Rows& rows, Families& families);

/// Adds the roles' connection limits from rows of rolname and rolconnlimit.
void add_roles(const Rows& rows, Families& families);

/// Adds the ages of databases from rows of datname, xid_age and mxid_age.
void add_database_wraparound(const Rows& rows, Families& families);

}  // namespace binnacle::pgpool
