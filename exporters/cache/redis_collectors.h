// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "cluster_view.h"
#include "core/collector.h"
#include "core/exporter.h"
#include "core/scrape.h"
#include "key_scan.h"
#include "options.h"
#include "redis_session.h"

namespace binnacle::cache {

/// What a collector of a Redis is made from; all may be kept.
struct RedisParts {
  std::shared_ptr<RedisSession> session;
  const Options& options;                   ///< outlives all collectors
  std::shared_ptr<ClusterMember> member{};  ///< where the nodes of its cluster are to be found; else null
  std::shared_ptr<KeyScan> key_scan{};      ///< the keys that the config names, and how the key space is searched
};

/// The collector whose success means that a Redis is up.
inline constexpr const char* kRedisUpCollector = "ping";

/// The table of Redis' collectors, for flags.
std::vector<CollectorKind> redis_collector_kinds();

/// Makes them all for one server, in the order in which a scrape runs them.
std::vector<Target::Entry> make_redis_collectors(const RedisParts& parts);

// One file each.
std::unique_ptr<Collector> make_ping(const RedisParts& parts);
std::unique_ptr<Collector> make_info(const RedisParts& parts);
std::unique_ptr<Collector> make_replication(const RedisParts& parts);
std::unique_ptr<Collector> make_keyspace(const RedisParts& parts);
std::unique_ptr<Collector> make_commandstats(const RedisParts& parts);
std::unique_ptr<Collector> make_latencystats(const RedisParts& parts);
std::unique_ptr<Collector> make_errorstats(const RedisParts& parts);
std::unique_ptr<Collector> make_modules(const RedisParts& parts);
std::unique_ptr<Collector> make_redis_config(const RedisParts& parts);
std::unique_ptr<Collector> make_cluster(const RedisParts& parts);
std::unique_ptr<Collector> make_latency(const RedisParts& parts);
std::unique_ptr<Collector> make_latency_histogram(const RedisParts& parts);
std::unique_ptr<Collector> make_latency_histogram_usec(const RedisParts& parts);
std::unique_ptr<Collector> make_slowlog(const RedisParts& parts);
std::unique_ptr<Collector> make_commandlog(const RedisParts& parts);
std::unique_ptr<Collector> make_clients(const RedisParts& parts);
std::unique_ptr<Collector> make_sentinel(const RedisParts& parts);
std::unique_ptr<Collector> make_keys(const RedisParts& parts);
std::unique_ptr<Collector> make_streams(const RedisParts& parts);

}  // namespace binnacle::cache
