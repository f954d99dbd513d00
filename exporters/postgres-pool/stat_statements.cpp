// SPDX-License-Identifier: Apache-2.0
#include "stat_statements.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "top_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array kLabels{ColumnLabel{"user", "user"}, ColumnLabel{"datname", "datname"},
                             ColumnLabel{"queryid", "queryid"}};

constexpr std::array kMetrics{
    ColumnMetric{"calls", "pg_stat_statements_calls_total", kCounter, "How often the statement was executed."},
    ColumnMetric{"exec_ms", "pg_stat_statements_seconds_total", kCounter,
                 "Time that executing the statement took, in seconds; planning is not in it.", kFromMilliseconds},
    ColumnMetric{"row_count", "pg_stat_statements_rows_total", kCounter, "Rows that the statement gave or changed."},
    ColumnMetric{"read_ms", "pg_stat_statements_block_read_seconds_total", kCounter,
                 "Time that reading blocks took, in seconds; counted while track_io_timing is on.", kFromMilliseconds},
    ColumnMetric{"write_ms", "pg_stat_statements_block_write_seconds_total", kCounter,
                 "Time that writing blocks took, in seconds; counted while track_io_timing is on.", kFromMilliseconds},
};

/// Of a missing extension, of one that is not preloaded.
bool says_absent(const SqlError& error) {
  return error.sqlstate() == "42883" || error.sqlstate() == "42P01" || error.sqlstate() == "55000";
}

class StatStatementsCollector final : public Collector {
 public:
  explicit StatStatementsCollector(const CollectorParts& parts)
      : top_(parts.session, {stat_statements_sql, add_stat_statements, "queryid"},
             parts.options.drop_in.statement_limit) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    try {
      top_.collect(scrape, out);
    } catch (const SqlError& error) {
      if (!says_absent(error)) throw;
      throw NotApplicable("pg_stat_statements is not in this database's search path, or not preloaded");
    }
  }

 private:
  TopCollector top_;
};

}  // namespace

std::string stat_statements_sql(int limit, const std::string& members) {
  // The times' columns were renamed twice. A name that this version lacks is looked up outside, where it is NULL.
  return "SELECT pg_get_userbyid(s.userid) AS \"user\", d.datname, s.queryid, sum(s.calls) AS calls,"
         " sum(s.exec_ms) AS exec_ms, sum(s.row_count) AS row_count, sum(s.read_ms) AS read_ms,"
         " sum(s.write_ms) AS write_ms"
         " FROM (VALUES (NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8))"
         " AS other_versions(total_time, total_exec_time, blk_read_time, shared_blk_read_time, blk_write_time,"
         " shared_blk_write_time)"
         " CROSS JOIN LATERAL (SELECT userid, dbid, queryid, calls, rows AS row_count,"
         " coalesce(total_exec_time, total_time) AS exec_ms,"
         " coalesce(shared_blk_read_time, blk_read_time) AS read_ms,"
         " coalesce(shared_blk_write_time, blk_write_time) AS write_ms"
         " FROM pg_stat_statements(false)) s JOIN pg_database d ON d.oid = s.dbid"
         " WHERE s.queryid IS NOT NULL GROUP BY 1, 2, 3"
         " ORDER BY sum(s.exec_ms) * CASE WHEN s.queryid = ANY('" +
         members + "'::bigint[]) THEN 2 ELSE 1 END DESC LIMIT " + std::to_string(limit);
}

void add_stat_statements(const Rows& rows, Families& families) { add_columns(rows, kLabels, kMetrics, families); }

std::unique_ptr<Collector> make_stat_statements(const CollectorParts& parts) {
  return std::make_unique<StatStatementsCollector>(parts);
}

}  // namespace binnacle::pgpool
