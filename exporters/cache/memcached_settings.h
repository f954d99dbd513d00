// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/families.h"
#include "memcached_stats.h"

namespace binnacle::cache {

/// What `stats settings` tells: limits, and how the background threads are set. Nothing that is a name, an address or a
/// path. What is not limited is absent.
void add_memcached_settings(const Stats& settings, Families& families);

}  // namespace binnacle::cache
