// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/families.h"

namespace binnacle::cache {

/// The reply to `stats items`: what each slab class has on its lists.
void add_memcached_items(std::string_view reply, Families& families);

/// The reply to `stats slabs`: the memory of each slab class, and of all of them.
void add_memcached_slabs(std::string_view reply, Families& families);

}  // namespace binnacle::cache
