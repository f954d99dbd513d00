// SPDX-License-Identifier: Apache-2.0
#include "progress_vacuum.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Names of tables are known in the session's own database only: elsewhere it is the OID.
constexpr std::string_view kSql =
    "SELECT *, CASE WHEN datname = current_database() THEN relid::regclass::text ELSE relid::text END"
    " AS relation_name FROM pg_stat_progress_vacuum";

constexpr std::array kLabels{ColumnLabel{"datname", "datname"}, ColumnLabel{"relation_name", "relname"}};

constexpr std::array kMetrics{
    ColumnMetric{"heap_blks_total", "pg_stat_progress_vacuum_heap_blks", kGauge,
                 "Blocks of the table, as of when the scan began."},
    ColumnMetric{"heap_blks_scanned", "pg_stat_progress_vacuum_heap_blks_scanned", kGauge,
                 "Blocks scanned or skipped so far."},
    ColumnMetric{"heap_blks_vacuumed", "pg_stat_progress_vacuum_heap_blks_vacuumed", kGauge, "Blocks vacuumed so far."},
    ColumnMetric{"index_vacuum_count", "pg_stat_progress_vacuum_index_vacuums", kGauge,
                 "Rounds over all indexes done so far; more than one means too little maintenance memory."},
    ColumnMetric{"max_dead_tuples", "pg_stat_progress_vacuum_max_dead_tuples", kGauge,
                 "Dead rows that memory has room for before a round over the indexes (up to PostgreSQL 16)."},
    ColumnMetric{"num_dead_tuples", "pg_stat_progress_vacuum_num_dead_tuples", kGauge,
                 "Dead rows found since the last round over the indexes (up to PostgreSQL 16)."},
    ColumnMetric{"max_dead_tuple_bytes", "pg_stat_progress_vacuum_max_dead_tuple_bytes", kGauge,
                 "Memory for dead rows before a round over the indexes (PostgreSQL 17 on)."},
    ColumnMetric{"dead_tuple_bytes", "pg_stat_progress_vacuum_dead_tuple_bytes", kGauge,
                 "Memory that dead rows take since the last round over the indexes (PostgreSQL 17 on)."},
    ColumnMetric{"num_dead_item_ids", "pg_stat_progress_vacuum_num_dead_item_ids", kGauge,
                 "Dead rows found since the last round over the indexes (PostgreSQL 17 on)."},
    ColumnMetric{"indexes_total", "pg_stat_progress_vacuum_indexes", kGauge,
                 "Indexes to go over in this round (PostgreSQL 17 on)."},
    ColumnMetric{"indexes_processed", "pg_stat_progress_vacuum_indexes_processed", kGauge,
                 "Indexes gone over in this round (PostgreSQL 17 on)."},
    ColumnMetric{"delay_time", "pg_stat_progress_vacuum_delay_seconds", kGauge,
                 "Time slept for the vacuum's cost limit so far, in seconds; counted while track_cost_delay_timing is "
                 "on (PostgreSQL 18 on).",
                 kFromMilliseconds},
};

constexpr std::array<std::string_view, 7> kPhases{
    "initializing",        "scanning heap",   "vacuuming indexes",        "vacuuming heap",
    "cleaning up indexes", "truncating heap", "performing final cleanup",
};

}  // namespace

void add_progress_vacuum(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto phase = row.text("phase");
    if (!phase) continue;
    auto family = families.gauge("pg_stat_progress_vacuum_phase", "1 for the phase that the vacuum is in, else 0.");
    for (const auto name : kPhases) {
      family.add({{"datname", row.text("datname").value_or("")},
                  {"relname", row.text("relation_name").value_or("")},
                  {"phase", name}},
                 name == *phase ? 1 : 0);
    }
  }
  add_columns(rows, kLabels, kMetrics, families);
}

std::unique_ptr<Collector> make_progress_vacuum(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_progress_vacuum);
}

}  // namespace binnacle::pgpool
