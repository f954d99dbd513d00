// SPDX-License-Identifier: Apache-2.0
#include "collectors.h"

namespace binnacle::pgpool {

namespace {

constexpr bool kOn = true;
constexpr bool kOff = false;

/// First in both tables: it asks no server, and has the most to tell when one hangs.
constexpr CollectorRow kCheckout{"checkout", kOn,
                                 "Both: what checking out a connection takes, where the config has a section checkout.",
                                 make_checkout};

/// Last in both: they may take the time of others.
constexpr CollectorRow kCustomQueries{"custom_queries", kOn, "Both: the config's section queries.",
                                      make_custom_queries};

const std::vector<CollectorRow>& postgres_collectors() {
  static const std::vector<CollectorRow> table{
      kCheckout,
      {"server", kOn, "PostgreSQL: version, start time, whether it is a replica. Decides pg_up.", make_server},
      {"database", kOn, "PostgreSQL: pg_stat_database.", make_database},
      {"saturation", kOn, "PostgreSQL: connections used and left, against every limit that applies.", make_saturation},
      {"blocking", kOn, "PostgreSQL: locks, who waits for whom (pg_locks, pg_blocking_pids).", make_blocking},
      {"age", kOn, "PostgreSQL: ages of transactions, statements, prepared transactions and ids.", make_age},
      {"vacuum", kOn, "PostgreSQL: tables past their thresholds, autovacuum's workers.", make_vacuum},
      {"bloat", kOff, "PostgreSQL: an estimate of tables' bloat (pg_stats).", make_bloat},
      {"partitions", kOn, "PostgreSQL: default partitions, how far ahead there are partitions.", make_partitions},
      {"matviews", kOn, "PostgreSQL: materialized views, when they were refreshed.", make_matviews},
      {"slow_queries", kOn, "PostgreSQL: slow statements of pg_stat_statements, by id.", make_slow_queries},
      kCustomQueries,
      {"stat_activity", kOn, "PostgreSQL: sessions by state and by what they wait for.", make_stat_activity},
      {"locks", kOn, "PostgreSQL: locks by database and mode.", make_locks},
      {"database_conflicts", kOn, "PostgreSQL: pg_stat_database_conflicts.", make_database_conflicts},
      {"background", kOn, "PostgreSQL: background writer, checkpointer, archiver and WAL statistics.", make_background},
      {"replication", kOn, "PostgreSQL: this server as a primary or a replica, and its WAL receiver.",
       make_replication},
      {"stat_replication", kOn, "PostgreSQL: replicas that stream from this server.", make_stat_replication},
      {"replication_slots", kOn, "PostgreSQL: replication slots.", make_replication_slots},
      {"stat_progress_vacuum", kOn, "PostgreSQL: vacuums under way.", make_progress_vacuum},
      {"stat_io", kOn, "PostgreSQL: pg_stat_io (PostgreSQL 16 on).", make_stat_io},
      {"wal", kOn, "PostgreSQL: WAL files.", make_wal},
      {"roles", kOn, "PostgreSQL: connection limits of roles.", make_roles},
      {"settings", kOn, "PostgreSQL: settings.", make_settings},
      {"stat_user_tables", kOn, "PostgreSQL: the largest and most written tables of the DSN's database.",
       make_stat_user_tables},
      {"database_size", kOn, "PostgreSQL: sizes and connection limits of databases.", make_database_size},
      {"long_running_transactions", kOff, "PostgreSQL: open transactions and the age of the oldest.",
       make_long_running_transactions},
      {"database_wraparound", kOff, "PostgreSQL: ages of transaction and multixact IDs by database.",
       make_database_wraparound},
      {"stat_user_indexes", kOff, "PostgreSQL: the largest indexes of the DSN's database.", make_stat_user_indexes},
      {"stat_statements", kOff, "PostgreSQL: the statements that took the most time; needs pg_stat_statements.",
       make_stat_statements},
  };
  return table;
}

const std::vector<CollectorRow>& pgbouncer_collectors() {
  static const std::vector<CollectorRow> table{
      kCheckout,
      {"version", kOn, "PgBouncer: SHOW VERSION. Decides pgbouncer_up.", make_pgbouncer_version},
      // Before pools, which compares with what they tell.
      {"config", kOn, "PgBouncer: SHOW CONFIG, limits and timeouts.", make_pgbouncer_config},
      {"databases", kOn, "PgBouncer: SHOW DATABASES.", make_pgbouncer_databases},
      {"users", kOn, "PgBouncer: SHOW USERS.", make_pgbouncer_users},
      {"pools", kOn, "PgBouncer: SHOW POOLS.", make_pgbouncer_pools},
      {"stats", kOn, "PgBouncer: SHOW STATS_TOTALS.", make_pgbouncer_stats},
      {"lists", kOn, "PgBouncer: SHOW LISTS.", make_pgbouncer_lists},
      {"state", kOn, "PgBouncer: SHOW STATE (1.19 on).", make_pgbouncer_state},
      {"memory", kOn, "PgBouncer: SHOW MEM.", make_pgbouncer_memory},
      {"servers", kOn, "PgBouncer: SHOW SERVERS, as counts.", make_pgbouncer_servers},
      {"clients", kOn, "PgBouncer: SHOW CLIENTS, as counts. Its cost grows with the clients.", make_pgbouncer_clients},
      kCustomQueries,
  };
  return table;
}

}  // namespace

const std::vector<CollectorRow>& collectors_of(Kind kind) {
  return kind == Kind::postgres ? postgres_collectors() : pgbouncer_collectors();
}

const char* up_collector(Kind kind) { return kind == Kind::postgres ? "server" : "version"; }

std::vector<CollectorKind> all_collectors() {
  std::vector<CollectorKind> kinds;
  for (const auto kind : {Kind::postgres, Kind::pgbouncer}) {
    for (const auto& row : collectors_of(kind)) {
      const std::string_view name = row.name;
      const bool in_both = kind == Kind::pgbouncer && (name == kCheckout.name || name == kCustomQueries.name);
      if (!in_both) kinds.push_back({row.name, row.enabled_by_default, row.help});
    }
  }
  return kinds;
}

}  // namespace binnacle::pgpool
