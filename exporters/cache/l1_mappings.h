// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/statsd_mapping.h"

namespace binnacle::cache {

/// What an application says of its own caches over StatsD, as metrics: `cache.requests` and its like become
/// `cache_requests_total{cache,tier,op,result}` and its like. Pure.
///
/// Of a client's tags only those that a family knows become its labels, so that a host or a version that a client adds
/// to everything multiplies no series.
std::vector<StatsdMapping> l1_mappings();

}  // namespace binnacle::cache
