// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/address.h"
#include "core/exporter.h"
#include "core/scrape.h"

namespace binnacle::cache {

/// The collector whose success means that a Memcached is up.
inline constexpr const char* kMemcachedUpCollector = "memcached";

/// The table of Memcached's collectors, for flags. No name is one of Redis' collectors'.
std::vector<CollectorKind> memcached_collector_kinds();

/// Makes them all for one server, in the order in which a scrape runs them. They share one connection.
std::vector<Target::Entry> make_memcached_collectors(const Address& address);

/// What is judged of a Memcached.
std::vector<HealthRule> memcached_health_rules();

}  // namespace binnacle::cache
