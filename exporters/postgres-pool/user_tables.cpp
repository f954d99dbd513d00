// SPDX-License-Identifier: Apache-2.0
#include "user_tables.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "top_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kTable{ColumnLabel{"datname", "datname"}, ColumnLabel{"schemaname", "schemaname"},
                            ColumnLabel{"relname", "relname"}};

constexpr std::array kTableMetrics{
    ColumnMetric{"seq_scan", "pg_stat_user_tables_seq_scan", kCounter, "Sequential scans begun."},
    ColumnMetric{"seq_tup_read", "pg_stat_user_tables_seq_tup_read", kCounter, "Live rows read by sequential scans."},
    ColumnMetric{"idx_scan", "pg_stat_user_tables_idx_scan", kCounter,
                 "Index scans begun; absent for a table without indexes."},
    ColumnMetric{"idx_tup_fetch", "pg_stat_user_tables_idx_tup_fetch", kCounter,
                 "Live rows fetched by index scans; absent for a table without indexes."},
    ColumnMetric{"n_tup_ins", "pg_stat_user_tables_n_tup_ins", kCounter, "Rows inserted."},
    ColumnMetric{"n_tup_upd", "pg_stat_user_tables_n_tup_upd", kCounter, "Rows updated, HOT updates among them."},
    ColumnMetric{"n_tup_del", "pg_stat_user_tables_n_tup_del", kCounter, "Rows deleted."},
    ColumnMetric{"n_tup_hot_upd", "pg_stat_user_tables_n_tup_hot_upd", kCounter,
                 "Rows updated without a new index entry."},
    ColumnMetric{"n_tup_newpage_upd", "pg_stat_user_tables_n_tup_newpage_upd", kCounter,
                 "Rows updated whose new version went to another page (PostgreSQL 16 on)."},
    ColumnMetric{"n_live_tup", "pg_stat_user_tables_n_live_tup", kGauge, "Live rows, as the server estimates them."},
    ColumnMetric{"n_dead_tup", "pg_stat_user_tables_n_dead_tup", kGauge, "Dead rows, as the server estimates them."},
    ColumnMetric{"n_mod_since_analyze", "pg_stat_user_tables_n_mod_since_analyze", kGauge,
                 "Rows changed since the last analyze, as the server estimates them."},
    ColumnMetric{"n_ins_since_vacuum", "pg_stat_user_tables_n_ins_since_vacuum", kGauge,
                 "Rows inserted since the last vacuum, as the server estimates them (PostgreSQL 13 on)."},
    ColumnMetric{"last_vacuum_time", "pg_stat_user_tables_last_vacuum", kGauge,
                 "When VACUUM by hand last ran (not FULL), in Unix seconds; absent when it never did."},
    ColumnMetric{"last_autovacuum_time", "pg_stat_user_tables_last_autovacuum", kGauge,
                 "When autovacuum last vacuumed the table, in Unix seconds; absent when it never did."},
    ColumnMetric{"last_analyze_time", "pg_stat_user_tables_last_analyze", kGauge,
                 "When ANALYZE by hand last ran, in Unix seconds; absent when it never did."},
    ColumnMetric{"last_autoanalyze_time", "pg_stat_user_tables_last_autoanalyze", kGauge,
                 "When autovacuum last analyzed the table, in Unix seconds; absent when it never did."},
    ColumnMetric{"vacuum_count", "pg_stat_user_tables_vacuum_count", kCounter, "Vacuums by hand (not FULL)."},
    ColumnMetric{"autovacuum_count", "pg_stat_user_tables_autovacuum_count", kCounter, "Vacuums by autovacuum."},
    ColumnMetric{"analyze_count", "pg_stat_user_tables_analyze_count", kCounter, "Analyzes by hand."},
    ColumnMetric{"autoanalyze_count", "pg_stat_user_tables_autoanalyze_count", kCounter, "Analyzes by autovacuum."},
    ColumnMetric{"total_vacuum_time", "pg_stat_user_tables_vacuum_seconds_total", kCounter,
                 "Time that vacuums by hand took, in seconds (PostgreSQL 18 on).", kFromMilliseconds},
    ColumnMetric{"total_autovacuum_time", "pg_stat_user_tables_autovacuum_seconds_total", kCounter,
                 "Time that autovacuum's vacuums took, in seconds (PostgreSQL 18 on).", kFromMilliseconds},
    ColumnMetric{"total_analyze_time", "pg_stat_user_tables_analyze_seconds_total", kCounter,
                 "Time that analyzes by hand took, in seconds (PostgreSQL 18 on).", kFromMilliseconds},
    ColumnMetric{"total_autoanalyze_time", "pg_stat_user_tables_autoanalyze_seconds_total", kCounter,
                 "Time that autovacuum's analyzes took, in seconds (PostgreSQL 18 on).", kFromMilliseconds},
    ColumnMetric{"table_size", "pg_stat_user_tables_table_size_bytes", kGauge,
                 "Size on disk without indexes (pg_table_size()); absent while the table is locked exclusively."},
    ColumnMetric{"index_size", "pg_stat_user_tables_index_size_bytes", kGauge,
                 "Size of its indexes on disk (pg_indexes_size()); absent while the table is locked exclusively."},
    ColumnMetric{"heap_blks_read", "pg_statio_user_tables_heap_blocks_read", kCounter,
                 "Blocks of the table itself read from outside of shared buffers."},
    ColumnMetric{"heap_blks_hit", "pg_statio_user_tables_heap_blocks_hit", kCounter,
                 "Blocks of the table itself found in shared buffers."},
    ColumnMetric{"idx_blks_read", "pg_statio_user_tables_idx_blocks_read", kCounter,
                 "Blocks of its indexes read from outside of shared buffers; absent for a table without indexes."},
    ColumnMetric{"idx_blks_hit", "pg_statio_user_tables_idx_blocks_hit", kCounter,
                 "Blocks of its indexes found in shared buffers; absent for a table without indexes."},
    ColumnMetric{"toast_blks_read", "pg_statio_user_tables_toast_blocks_read", kCounter,
                 "Blocks of its TOAST table read from outside of shared buffers; absent for a table without one."},
    ColumnMetric{"toast_blks_hit", "pg_statio_user_tables_toast_blocks_hit", kCounter,
                 "Blocks of its TOAST table found in shared buffers; absent for a table without one."},
    ColumnMetric{"tidx_blks_read", "pg_statio_user_tables_tidx_blocks_read", kCounter,
                 "Blocks of its TOAST table's index read from outside of shared buffers."},
    ColumnMetric{"tidx_blks_hit", "pg_statio_user_tables_tidx_blocks_hit", kCounter,
                 "Blocks of its TOAST table's index found in shared buffers."},
};

constexpr std::array kIndex{ColumnLabel{"schemaname", "schemaname"}, ColumnLabel{"relname", "relname"},
                            ColumnLabel{"indexrelname", "indexrelname"}};

constexpr std::array kIndexMetrics{
    ColumnMetric{"idx_scan", "pg_stat_user_indexes_idx_scan_total", kCounter, "Scans of this index begun."},
    ColumnMetric{"idx_tup_read", "pg_stat_user_indexes_idx_tup_read_total", kCounter,
                 "Entries that scans of this index gave."},
    ColumnMetric{"idx_tup_fetch", "pg_stat_user_indexes_idx_tup_fetch_total", kCounter,
                 "Live rows fetched by plain scans of this index."},
    ColumnMetric{"idx_blks_read", "pg_statio_user_indexes_idx_blks_read_total", kCounter,
                 "Blocks of this index read from outside of shared buffers."},
    ColumnMetric{"idx_blks_hit", "pg_statio_user_indexes_idx_blks_hit_total", kCounter,
                 "Blocks of this index found in shared buffers."},
};

/// Temporary tables come and go with sessions.
constexpr std::string_view kUserRelation =
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'"
    " AND c.relpersistence <> 't'";

/// The OIDs of relations of these kinds with the best score of `relpages` and `writes`. They are few, and only they are
/// looked at closely.
std::string top_sql(std::string_view kinds, std::string_view writes, std::string_view score, int limit,
                    const std::string& members) {
  return "WITH top AS MATERIALIZED (SELECT oid AS relid FROM (SELECT c.oid, c.relpages, " + std::string{writes} +
         " AS writes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN " +
         std::string{kinds} + std::string{kUserRelation} + " OFFSET 0) c ORDER BY " + std::string{score} +
         " * CASE WHEN oid = ANY('" + members + "'::oid[]) THEN 2 ELSE 1 END DESC NULLS LAST, oid LIMIT " +
         std::to_string(limit) + ")";
}

}  // namespace

std::string user_tables_sql(int limit, const std::string& members) {
  // Asking for the size of a table that is locked exclusively would wait for its lock. OFFSET 0 keeps the views from
  // being read whole and joined. A partitioned table has statistics, and no I/O of its own.
  return top_sql("('r', 'm', 'p')",
                 "pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)"
                 " + pg_stat_get_tuples_deleted(c.oid)",
                 "greatest(relpages / nullif(sum(relpages) OVER (), 0)::float8,"
                 " writes / nullif(sum(writes) OVER (), 0)::float8)",
                 limit, members) +
         ", locked AS MATERIALIZED (SELECT coalesce(i.indrelid, l.relation) AS relid FROM pg_locks l"
         " LEFT JOIN pg_index i ON i.indexrelid = l.relation"
         " WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'"
         " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
         " SELECT current_database() AS datname, s.*, io.*,"
         " floor(extract(epoch FROM s.last_vacuum)) AS last_vacuum_time,"
         " floor(extract(epoch FROM s.last_autovacuum)) AS last_autovacuum_time,"
         " floor(extract(epoch FROM s.last_analyze)) AS last_analyze_time,"
         " floor(extract(epoch FROM s.last_autoanalyze)) AS last_autoanalyze_time,"
         " CASE WHEN free THEN pg_table_size(top.relid) END AS table_size,"
         " CASE WHEN free THEN pg_indexes_size(top.relid) END AS index_size"
         " FROM top CROSS JOIN LATERAL (SELECT * FROM pg_stat_all_tables WHERE relid = top.relid OFFSET 0) s"
         " LEFT JOIN LATERAL (SELECT heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit, toast_blks_read,"
         " toast_blks_hit, tidx_blks_read, tidx_blks_hit FROM pg_statio_all_tables WHERE relid = top.relid OFFSET 0) io"
         " ON true CROSS JOIN LATERAL (SELECT top.relid NOT IN (SELECT relid FROM locked) AS free) lock";
}

std::string user_indexes_sql(int limit, const std::string& members) {
  return top_sql("('i')", "0", "relpages", limit, members) +
         " SELECT s.*, io.idx_blks_read, io.idx_blks_hit FROM top"
         " CROSS JOIN LATERAL (SELECT * FROM pg_stat_all_indexes WHERE indexrelid = top.relid OFFSET 0) s"
         " CROSS JOIN LATERAL (SELECT * FROM pg_statio_all_indexes WHERE indexrelid = top.relid OFFSET 0) io";
}

void add_user_tables(const Rows& rows, Families& families) { add_columns(rows, kTable, kTableMetrics, families); }

void add_user_indexes(const Rows& rows, Families& families) { add_columns(rows, kIndex, kIndexMetrics, families); }

std::unique_ptr<Collector> make_stat_user_tables(const CollectorParts& parts) {
  return std::make_unique<TopCollector>(parts.session, TopCollector::Top{user_tables_sql, add_user_tables, "relid"},
                                        parts.options.drop_in.table_limit);
}

std::unique_ptr<Collector> make_stat_user_indexes(const CollectorParts& parts) {
  return std::make_unique<TopCollector>(parts.session,
                                        TopCollector::Top{user_indexes_sql, add_user_indexes, "indexrelid"},
                                        parts.options.drop_in.index_limit);
}

}  // namespace binnacle::pgpool
