// SPDX-License-Identifier: Apache-2.0
#include "user_tables.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::vector<std::pair<std::string, std::string>> kItems{
    {"datname", "orders"}, {"schemaname", "public"}, {"relname", "items"}};

}  // namespace

TEST_CASE("tables: statistics, sizes and I/O", "[user_tables]") {
  Families families;
  add_user_tables(
      rows_of("datname|relid|schemaname|relname|seq_scan|seq_tup_read|idx_scan|idx_tup_fetch|n_tup_ins|n_tup_upd|"
              "n_tup_del|n_tup_hot_upd|n_live_tup|n_dead_tup|n_mod_since_analyze|last_vacuum|vacuum_count|"
              "autovacuum_count|analyze_count|autoanalyze_count|heap_blks_read|heap_blks_hit|idx_blks_read|"
              "last_vacuum_time|last_autovacuum_time|table_size|index_size\n"
              "orders|5|public|items|1|2|3|4|5|6|7|8|9|10|11|2026-01-01|12|13|14|15|16|17|18|1700000000|\\N|8192|0\n"
              "orders|6|public|bare|0|0|\\N|\\N|0|0|0|0|0|0|0|\\N|0|0|0|0|0|0|\\N|\\N|\\N|\\N|\\N\n"),
      families);
  const auto value = [&](const std::string& name) { return value_of(families, "pg_stat_user_tables_" + name, kItems); };
  CHECK(value("seq_scan") == 1);
  CHECK(value("seq_tup_read") == 2);
  CHECK(value("idx_scan") == 3);
  CHECK(value("idx_tup_fetch") == 4);
  CHECK(value("n_tup_ins") == 5);
  CHECK(value("n_tup_upd") == 6);
  CHECK(value("n_tup_del") == 7);
  CHECK(value("n_tup_hot_upd") == 8);
  CHECK(value("n_live_tup") == 9);
  CHECK(value("n_dead_tup") == 10);
  CHECK(value("n_mod_since_analyze") == 11);
  CHECK(value("vacuum_count") == 12);
  CHECK(value("autovacuum_count") == 13);
  CHECK(value("analyze_count") == 14);
  CHECK(value("autoanalyze_count") == 15);
  CHECK(value("last_vacuum") == 1'700'000'000);
  CHECK(value("table_size_bytes") == 8192);
  CHECK(value("index_size_bytes") == 0);
  CHECK(value_of(families, "pg_statio_user_tables_heap_blocks_read", kItems) == 16);
  CHECK(value_of(families, "pg_statio_user_tables_heap_blocks_hit", kItems) == 17);
  CHECK(value_of(families, "pg_statio_user_tables_idx_blocks_read", kItems) == 18);
  // What never happened, does not exist or could not be asked for is absent.
  CHECK(series_of(families, "pg_stat_user_tables_last_autovacuum") == 0);
  CHECK(series_of(families, "pg_stat_user_tables_last_vacuum") == 1);
  CHECK(series_of(families, "pg_stat_user_tables_idx_scan") == 1);
  CHECK(series_of(families, "pg_stat_user_tables_table_size_bytes") == 1);
}

TEST_CASE("columns of PostgreSQL 13, 16 and 18", "[user_tables]") {
  Families families;
  add_user_tables(rows_of("datname|schemaname|relname|n_ins_since_vacuum|n_tup_newpage_upd|total_vacuum_time|"
                          "total_autovacuum_time|total_analyze_time|total_autoanalyze_time\n"
                          "orders|public|items|1|2|1500|2500|3500|4500\n"),
                  families);
  const auto value = [&](const std::string& name) { return value_of(families, "pg_stat_user_tables_" + name, kItems); };
  CHECK(value("n_ins_since_vacuum") == 1);
  CHECK(value("n_tup_newpage_upd") == 2);
  CHECK(value("vacuum_seconds_total") == 1.5);
  CHECK(value("autovacuum_seconds_total") == 2.5);
  CHECK(value("analyze_seconds_total") == 3.5);
  CHECK(value("autoanalyze_seconds_total") == 4.5);
}

TEST_CASE("indexes", "[user_tables]") {
  Families families;
  add_user_indexes(rows_of("relid|indexrelid|schemaname|relname|indexrelname|idx_scan|idx_tup_read|idx_tup_fetch|"
                           "idx_blks_read|idx_blks_hit\n1|2|public|items|items_pkey|3|4|5|6|7\n"),
                   families);
  const std::vector<std::pair<std::string, std::string>> labels{
      {"schemaname", "public"}, {"relname", "items"}, {"indexrelname", "items_pkey"}};
  CHECK(value_of(families, "pg_stat_user_indexes_idx_scan_total", labels) == 3);
  CHECK(value_of(families, "pg_stat_user_indexes_idx_tup_read_total", labels) == 4);
  CHECK(value_of(families, "pg_stat_user_indexes_idx_tup_fetch_total", labels) == 5);
  CHECK(value_of(families, "pg_statio_user_indexes_idx_blks_read_total", labels) == 6);
  CHECK(value_of(families, "pg_statio_user_indexes_idx_blks_hit_total", labels) == 7);
}

TEST_CASE("statements know their limit and the last answer's members", "[user_tables]") {
  for (const auto& sql : {user_tables_sql(7, "{1,2}"), user_indexes_sql(7, "{1,2}")}) {
    CHECK(sql.find("LIMIT 7") != std::string::npos);
    CHECK(sql.find("'{1,2}'::oid[]") != std::string::npos);
  }
}
