// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkout_probe.h"
#include "core/collector.h"
#include "core/exporter.h"
#include "custom_query.h"
#include "options.h"
#include "pool_limits.h"
#include "session.h"
#include "slow_queries.h"
#include "targets.h"

namespace binnacle::pgpool {

/// What a collector is made from. The session is its target's; all may be kept.
struct CollectorParts {
  std::shared_ptr<Session> session;
  const Options& options;                   ///< outlives all collectors
  std::shared_ptr<PoolLimits> limits;       ///< of a PgBouncer
  std::shared_ptr<CheckoutProbe> checkout;  ///< null where the target has none
  std::shared_ptr<SlowQueries> slow_queries;
  std::string target;                ///< its name, for the log
  std::vector<CustomQuery> queries;  ///< of the config, for this target
};

/// A row of a kind of server's table of collectors. Names are unique over both tables, but for `checkout` and
/// `custom_queries`, which both have. `make` gives null where the target's config has no use for the collector.
struct CollectorRow {
  const char* name;
  bool enabled_by_default;
  const char* help;
  std::unique_ptr<Collector> (*make)(const CollectorParts& parts);
};

/// The table of a kind, in the order in which a scrape runs it.
const std::vector<CollectorRow>& collectors_of(Kind kind);

/// The collector that decides whether a target of this kind is up.
const char* up_collector(Kind kind);

/// Both tables, for flags.
std::vector<CollectorKind> all_collectors();

// Both
std::unique_ptr<Collector> make_checkout(const CollectorParts& parts);
std::unique_ptr<Collector> make_custom_queries(const CollectorParts& parts);

// PostgreSQL
std::unique_ptr<Collector> make_server(const CollectorParts& parts);
std::unique_ptr<Collector> make_database(const CollectorParts& parts);
std::unique_ptr<Collector> make_stat_activity(const CollectorParts& parts);
std::unique_ptr<Collector> make_locks(const CollectorParts& parts);
std::unique_ptr<Collector> make_database_conflicts(const CollectorParts& parts);
std::unique_ptr<Collector> make_background(const CollectorParts& parts);
std::unique_ptr<Collector> make_replication(const CollectorParts& parts);
std::unique_ptr<Collector> make_stat_replication(const CollectorParts& parts);
std::unique_ptr<Collector> make_replication_slots(const CollectorParts& parts);
std::unique_ptr<Collector> make_progress_vacuum(const CollectorParts& parts);
std::unique_ptr<Collector> make_stat_io(const CollectorParts& parts);
std::unique_ptr<Collector> make_wal(const CollectorParts& parts);
std::unique_ptr<Collector> make_roles(const CollectorParts& parts);
std::unique_ptr<Collector> make_settings(const CollectorParts& parts);
std::unique_ptr<Collector> make_stat_user_tables(const CollectorParts& parts);
std::unique_ptr<Collector> make_database_size(const CollectorParts& parts);
std::unique_ptr<Collector> make_long_running_transactions(const CollectorParts& parts);
std::unique_ptr<Collector> make_database_wraparound(const CollectorParts& parts);
std::unique_ptr<Collector> make_stat_user_indexes(const CollectorParts& parts);
std::unique_ptr<Collector> make_stat_statements(const CollectorParts& parts);

// PostgreSQL, what postgres_exporter does not have
std::unique_ptr<Collector> make_saturation(const CollectorParts& parts);
std::unique_ptr<Collector> make_blocking(const CollectorParts& parts);
std::unique_ptr<Collector> make_age(const CollectorParts& parts);
std::unique_ptr<Collector> make_vacuum(const CollectorParts& parts);
std::unique_ptr<Collector> make_bloat(const CollectorParts& parts);
std::unique_ptr<Collector> make_partitions(const CollectorParts& parts);
std::unique_ptr<Collector> make_matviews(const CollectorParts& parts);
std::unique_ptr<Collector> make_slow_queries(const CollectorParts& parts);

// PgBouncer
std::unique_ptr<Collector> make_pgbouncer_version(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_config(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_databases(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_users(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_pools(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_stats(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_lists(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_state(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_memory(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_servers(const CollectorParts& parts);
std::unique_ptr<Collector> make_pgbouncer_clients(const CollectorParts& parts);

}  // namespace binnacle::pgpool
