// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "info.h"

namespace binnacle::cache {

/// The modules that are loaded, and the fields of theirs that the table has.
void add_modules(const Info& info, Families& families);

}  // namespace binnacle::cache
