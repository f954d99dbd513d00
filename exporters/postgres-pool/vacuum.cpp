// SPDX-License-Identifier: Apache-2.0
#include "vacuum.h"

#include "collectors.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr int kHasInserts = 130'000;
constexpr int kHasFrozenPages = 180'000;

/// The setting's value, or a table's own (reloptions). A setting that this version does not have is NULL.
std::string option(const char* name, bool known = true) {
  if (!known) return ", NULL::float8 AS " + std::string{name};
  return ", coalesce(o.options->>'" + std::string{name} + "', current_setting('" + name + "', true))::float8 AS " +
         name;
}

/// A table's own freezing age may only be smaller than the setting.
std::string freeze_option(const char* name) {
  return ", least((o.options->>'" + std::string{name} + "')::float8, current_setting('" + name + "')::float8) AS " +
         name;
}

/// What autovacuum itself reads: rows dead, inserted and changed since, thresholds, ages. A TOAST table without options
/// of its own has its owner's. Rows that were never counted (-1) are none, as autovacuum has it.
std::string tables_sql(int version) {
  const bool inserts = version >= kHasInserts;
  const std::string frozen = version >= kHasFrozenPages ? "CASE WHEN c.relpages > 0 AND c.relallfrozen > 0 THEN 1 - "
                                                          "least(c.relallfrozen::float8 / c.relpages, 1) ELSE 1 END"
                                                        : "1";
  return "SELECT c.oid, n.nspname, c.relname, c.relkind, greatest(c.reltuples, 0)::float8 AS tuples, " + frozen +
         " AS unfrozen, pg_stat_get_dead_tuples(c.oid)::float8 AS dead, " +
         (inserts ? "pg_stat_get_ins_since_vacuum(c.oid)::float8" : "NULL::float8") +
         " AS inserted, pg_stat_get_mod_since_analyze(c.oid)::float8 AS modified,"
         " CASE WHEN c.relfrozenxid <> '0' THEN age(c.relfrozenxid)::float8 END AS xid_age,"
         " CASE WHEN c.relminmxid <> '0' THEN mxid_age(c.relminmxid)::float8 END AS mxid_age,"
         " coalesce((o.options->>'autovacuum_enabled')::boolean, true) AS enabled" +
         option("autovacuum_vacuum_threshold") + option("autovacuum_vacuum_scale_factor") +
         option("autovacuum_vacuum_max_threshold") + option("autovacuum_vacuum_insert_threshold", inserts) +
         option("autovacuum_vacuum_insert_scale_factor", inserts) + option("autovacuum_analyze_threshold") +
         option("autovacuum_analyze_scale_factor") + freeze_option("autovacuum_freeze_max_age") +
         freeze_option("autovacuum_multixact_freeze_max_age") +
         " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
         " LEFT JOIN pg_class owner ON c.relkind = 't' AND owner.reltoastrelid = c.oid"
         " LEFT JOIN LATERAL (SELECT json_object_agg(option_name, option_value) AS options"
         " FROM pg_options_to_table(coalesce(c.reloptions, owner.reloptions))) o"
         " ON coalesce(c.reloptions, owner.reloptions) IS NOT NULL"
         " WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'";
}

constexpr std::string_view kReasonsSql =
    "SELECT t.nspname, t.relname, r.reason, r.amount / greatest(r.threshold, 1) AS ratio, r.amount > r.threshold AS due"
    " FROM tables t CROSS JOIN LATERAL (VALUES"
    " ('dead_rows', enabled, dead, least(autovacuum_vacuum_threshold + autovacuum_vacuum_scale_factor * tuples,"
    " CASE WHEN autovacuum_vacuum_max_threshold >= 0 THEN autovacuum_vacuum_max_threshold END)),"
    " ('inserts', enabled AND autovacuum_vacuum_insert_threshold >= 0, inserted,"
    " autovacuum_vacuum_insert_threshold + autovacuum_vacuum_insert_scale_factor * tuples * unfrozen),"
    " ('analyze', enabled AND relkind <> 't' AND oid <> 'pg_catalog.pg_statistic'::regclass, modified,"
    " autovacuum_analyze_threshold + autovacuum_analyze_scale_factor * tuples),"
    " ('freeze', true, xid_age, autovacuum_freeze_max_age),"
    " ('multixact_freeze', true, mxid_age, autovacuum_multixact_freeze_max_age)"
    ") r (reason, applies, amount, threshold) WHERE r.applies AND r.amount IS NOT NULL";

/// So many of the most overdue tables are named.
constexpr const char* kNamed = "20";

void add_workers(const Row& row, Families& families) {
  if (const auto used = row.number("tables")) {
    families.gauge("pg_autovacuum_workers_used", "Autovacuum workers that run now (pg_stat_activity).").add(*used);
  }
  if (const auto most = row.number("ratio")) {
    families.gauge("pg_autovacuum_workers_limit", "autovacuum_max_workers.").add(*most);
  }
}

}  // namespace

std::string vacuum_sql(int version) {
  return "WITH tables AS MATERIALIZED (" + tables_sql(version) + "), reasons AS MATERIALIZED (" +
         std::string{kReasonsSql} +
         ")"
         " SELECT 'reason' AS kind, current_database() AS datname, NULL AS schemaname, NULL AS relname, reason,"
         " count(*) FILTER (WHERE due) AS tables, max(ratio) AS ratio FROM reasons GROUP BY reason"
         " UNION ALL (SELECT 'table', current_database(), nspname, relname, reason, NULL, ratio FROM reasons WHERE due"
         " ORDER BY ratio DESC, nspname, relname LIMIT " +
         kNamed +
         ")"
         " UNION ALL SELECT 'disabled', current_database(), NULL, NULL, NULL, count(*) FILTER (WHERE NOT enabled), NULL"
         " FROM tables"
         " UNION ALL SELECT 'workers', NULL, NULL, NULL, NULL, CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE')"
         " THEN (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker') END,"
         " current_setting('autovacuum_max_workers')::float8";
}

void add_vacuum(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto kind = row.text("kind");
    const auto datname = row.text("datname").value_or("");
    const auto reason = row.text("reason").value_or("");
    if (kind == "workers") add_workers(row, families);
    if (kind == "disabled") {
      families
          .gauge("pg_vacuum_disabled_tables",
                 "Tables of the database that have autovacuum switched off (autovacuum_enabled).")
          .add({{"datname", datname}}, row.number("tables").value_or(0));
    }
    const auto ratio = row.number("ratio");
    if (kind == "reason" && ratio) {
      families
          .gauge("pg_vacuum_overdue_tables",
                 "Tables of the database that are past the thresholds that apply to them, their own options counted: "
                 "dead rows, inserted rows, rows changed since the last analyze, ages of ids.")
          .add({{"datname", datname}, {"reason", reason}}, row.number("tables").value_or(0));
      families
          .gauge("pg_vacuum_most_overdue_ratio",
                 "How far the table that is nearest to its threshold, or farthest past it, is on its way: 1 is due.")
          .add({{"datname", datname}, {"reason", reason}}, *ratio);
    }
    if (kind == "table" && ratio) {
      families
          .gauge("pg_vacuum_table_overdue_ratio",
                 "The same of the 20 most overdue tables; absent for a table that is not overdue.")
          .add({{"datname", datname},
                {"schemaname", row.text("schemaname").value_or("")},
                {"relname", row.text("relname").value_or("")},
                {"reason", reason}},
               *ratio);
    }
  }
}

std::unique_ptr<Collector> make_vacuum(const CollectorParts& parts) {
  const auto add = [](const Rows& rows, Output& out) { add_vacuum(rows, out.families); };
  return std::make_unique<StatementCollector>(parts.session, Statement{vacuum_sql, add, parts.options.own.tables_keep});
}

}  // namespace binnacle::pgpool
