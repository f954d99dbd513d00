// SPDX-License-Identifier: Apache-2.0
#include "bloat.h"

#include "collectors.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Pages that a table's rows would fill if they were packed as densely as its fillfactor has it, by the statistics of
/// the last analyze: a row is a line pointer (4 bytes), a header (23, and a bit a column where there are NULLs) and its
/// columns' average widths, aligned to 8. Tables of less than 1 MiB are left out. Statistics of columns that this role
/// may not read are hidden: such a table is not known.
constexpr std::string_view kSql =
    "WITH tables AS MATERIALIZED (SELECT c.oid, n.nspname, c.relname, c.relpages::float8 AS pages,"
    " c.reltuples::float8 AS tuples, current_setting('block_size')::float8 AS block,"
    " coalesce((SELECT option_value::float8 / 100 FROM pg_options_to_table(c.reloptions)"
    " WHERE option_name = 'fillfactor'), 1) AS fill"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm')"
    " AND c.relpages * current_setting('block_size')::float8 >= 1048576"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')),"
    " widths AS (SELECT t.oid, count(*) AS columns, count(s.attname) AS known, bool_or(s.null_frac > 0) AS has_nulls,"
    " sum((1 - s.null_frac) * s.avg_width) AS width FROM tables t"
    " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " LEFT JOIN pg_stats s ON s.schemaname = t.nspname AND s.tablename = t.relname AND s.attname = a.attname"
    " AND NOT s.inherited GROUP BY t.oid),"
    " sizes AS (SELECT t.*, w.columns = w.known AND t.tuples >= 0 AS is_known,"
    " 4 + 8 * ceil((23 + CASE WHEN w.has_nulls THEN ceil(w.columns / 8.0) ELSE 0 END) / 8)"
    " + 8 * ceil(w.width / 8) AS tuple FROM tables t JOIN widths w USING (oid)),"
    " packed AS (SELECT *, block * greatest(pages - ceil(tuples / greatest(floor((block - 24) * fill / tuple), 1)), 0)"
    " AS excess FROM sizes WHERE is_known)"
    " (SELECT 'table' AS kind, current_database() AS datname, nspname AS schemaname, relname, pages * block AS bytes,"
    " excess, NULL::bigint AS tables, NULL::float8 AS estimated FROM packed ORDER BY excess DESC, nspname, relname "
    "LIMIT 20)"
    " UNION ALL SELECT 'unknown', current_database(), NULL, NULL, NULL, NULL, count(*), extract(epoch FROM now()) FROM "
    "sizes WHERE NOT is_known";

}  // namespace

void add_bloat(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto datname = row.text("datname").value_or("");
    if (row.text("kind") == "unknown") {
      families
          .gauge("pg_bloat_unknown_tables",
                 "Tables of 1 MiB or more without an estimate: never analyzed, or their statistics are hidden from us.")
          .add({{"datname", datname}}, row.number("tables").value_or(0));
      if (const auto estimated = row.number("estimated")) {
        families.gauge("pg_bloat_estimated_timestamp_seconds", "When bloat was estimated last, in Unix seconds.")
            .add({{"datname", datname}}, *estimated);
      }
      continue;
    }
    const auto bytes = row.number("bytes");
    const auto excess = row.number("excess");
    if (!bytes || !excess || *bytes <= 0) continue;
    const std::initializer_list<LabelView> labels{{"datname", datname},
                                                  {"schemaname", row.text("schemaname").value_or("")},
                                                  {"relname", row.text("relname").value_or("")}};
    families
        .gauge("pg_bloat_table_estimate_bytes",
               "Bytes that a table takes beyond what its rows need, estimated from its statistics: the 20 largest.")
        .add(labels, *excess);
    families.gauge("pg_bloat_table_estimate_ratio", "The same as a share of the table.").add(labels, *excess / *bytes);
  }
}

std::unique_ptr<Collector> make_bloat(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_bloat, parts.options.own.bloat_keep);
}

}  // namespace binnacle::pgpool
