// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "info.h"

namespace binnacle::cache {

/// INFO's section Keyspace. Databases that it does not name are empty: zeros up to `databases` of them (0: unknown).
void add_keyspace(const Info& info, int databases, Families& families);

/// The keys of all databases.
double total_keys(const Info& info);

}  // namespace binnacle::cache
