// SPDX-License-Identifier: Apache-2.0
#include "matviews.h"

#include "collectors.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// PostgreSQL keeps no time of a refresh. But a plain refresh writes the view's row in pg_class anew, and the time of
/// that commit is known where track_commit_timestamp is on. REFRESH ... CONCURRENTLY leaves no trace but deleted rows:
/// where there are some, nothing is known.
constexpr std::string_view kSql =
    "SELECT current_database() AS datname, n.nspname AS schemaname, c.relname, c.relispopulated AS populated,"
    " CASE WHEN current_setting('track_commit_timestamp')::boolean AND c.relispopulated"
    " AND pg_stat_get_tuples_deleted(c.oid) = 0 THEN extract(epoch FROM pg_xact_commit_timestamp(c.xmin)) END AS "
    "refreshed"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'";

}  // namespace

void add_matviews(const Rows& rows, Families& families) {
  if (rows.empty()) throw NotApplicable("this database has no materialized view");
  for (const auto row : rows) {
    const std::initializer_list<LabelView> labels{{"datname", row.text("datname").value_or("")},
                                                  {"schemaname", row.text("schemaname").value_or("")},
                                                  {"relname", row.text("relname").value_or("")}};
    if (const auto populated = row.flag("populated")) {
      families.gauge("pg_matview_populated", "1 when a materialized view can be read, 0 before its first refresh.")
          .add(labels, *populated ? 1 : 0);
    }
    if (const auto refreshed = row.number("refreshed")) {
      families
          .gauge("pg_matview_refreshed_timestamp_seconds",
                 "When a materialized view was last refreshed or its definition changed, in Unix seconds; known where "
                 "track_commit_timestamp is on and it is not refreshed CONCURRENTLY, else absent.")
          .add(labels, *refreshed);
    }
  }
}

std::unique_ptr<Collector> make_matviews(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_matviews, parts.options.own.tables_keep);
}

}  // namespace binnacle::pgpool
