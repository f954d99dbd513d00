// SPDX-License-Identifier: Apache-2.0
#include "partitions.h"

#include "collectors.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Of a range, the server prints FOR VALUES FROM ('2026-11-01') TO ('2026-12-01'), or MINVALUE and MAXVALUE without
/// quotes. 1082, 1114 and 1184 are date, timestamp and timestamptz; the former two are read in the session's time zone.
/// Rows that the statistics lost (after a crash) are taken from the last analyze, when there was one.
constexpr std::string_view kSql =
    "WITH parents AS MATERIALIZED (SELECT p.oid, n.nspname, p.relname, t.partdefid,"
    " t.partstrat = 'r' AND t.partnatts = 1 AND coalesce(a.atttypid IN (1082, 1114, 1184), false) AS by_time"
    " FROM pg_partitioned_table t JOIN pg_class p ON p.oid = t.partrelid JOIN pg_namespace n ON n.oid = p.relnamespace"
    " LEFT JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = t.partattrs[0]),"
    " bounds AS (SELECT i.inhparent, i.inhrelid, p.by_time, pg_get_expr(c.relpartbound, c.oid) AS bound"
    " FROM parents p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid),"
    " ranges AS (SELECT inhparent, CASE WHEN by_time AND bound LIKE 'FOR VALUES FROM%' THEN"
    " coalesce(substring(bound FROM 'FROM \\(''([^'']*)''')::timestamptz, '-infinity') END AS low,"
    " CASE WHEN by_time AND bound LIKE 'FOR VALUES FROM%' THEN"
    " coalesce(substring(bound FROM 'TO \\(''([^'']*)''')::timestamptz, 'infinity') END AS high FROM bounds)"
    " SELECT current_database() AS datname, p.nspname AS schemaname, p.relname, p.by_time, count(r.inhparent) AS "
    "partitions,"
    " CASE WHEN isfinite(max(r.high)) THEN extract(epoch FROM max(r.high) - now())"
    " WHEN max(r.high) IS NOT NULL THEN 'Infinity' END AS ahead,"
    " coalesce(bool_or(r.low <= now() AND now() < r.high), false) AS covered,"
    " CASE WHEN p.partdefid <> 0 THEN (SELECT sum(CASE WHEN pg_stat_get_live_tuples(c.oid) = 0"
    " AND pg_stat_get_dead_tuples(c.oid) = 0 AND pg_stat_get_tuples_inserted(c.oid) = 0 THEN greatest(c.reltuples, 0)"
    " ELSE pg_stat_get_live_tuples(c.oid) END)"
    " FROM pg_partition_tree(p.partdefid) l JOIN pg_class c ON c.oid = l.relid WHERE l.isleaf) END AS default_rows"
    " FROM parents p LEFT JOIN ranges r ON r.inhparent = p.oid"
    " GROUP BY p.oid, p.nspname, p.relname, p.by_time, p.partdefid";

}  // namespace

void add_partitions(const Rows& rows, Families& families) {
  if (rows.empty()) throw NotApplicable("this database has no partitioned table");
  for (const auto row : rows) {
    const std::initializer_list<LabelView> labels{{"datname", row.text("datname").value_or("")},
                                                  {"schemaname", row.text("schemaname").value_or("")},
                                                  {"relname", row.text("relname").value_or("")}};
    if (const auto partitions = row.number("partitions")) {
      families
          .gauge("pg_partition_partitions", "Partitions that a partitioned table has, its default partition counted.")
          .add(labels, *partitions);
    }
    if (const auto default_rows = row.number("default_rows")) {
      families
          .gauge(
              "pg_partition_default_rows",
              "Rows in the default partition, which fit into no other, as the statistics know them; absent when there "
              "is no default partition.")
          .add(labels, *default_rows);
    }
    if (row.flag("by_time") != true) continue;
    if (const auto ahead = row.number("ahead")) {
      families
          .gauge(
              "pg_partition_ahead_seconds",
              "How far ahead of now the newest partition of a table by ranges of time ends; below 0 when it has ended, "
              "+Inf when it has no end.")
          .add(labels, *ahead);
    }
    families
        .gauge("pg_partition_now_covered",
               "1 when a row of now has a partition of its own, 0 when it would go to the default partition or fail.")
        .add(labels, row.flag("covered") == true ? 1 : 0);
  }
}

std::unique_ptr<Collector> make_partitions(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_partitions, parts.options.own.tables_keep);
}

}  // namespace binnacle::pgpool
