// SPDX-License-Identifier: Apache-2.0
#include "stat_replication.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("a replica that streams", "[stat_replication]") {
  Families families;
  add_stat_replication(
      rows_of("application_name|client_addr|state|slot_name|pid|sync_state|position|replay_behind|sent_behind|"
              "write_behind|flush_behind|write_lag|flush_lag|replay_lag\n"
              "walreceiver|10.0.0.2|streaming|slot_a|77|async|50331744|4096|0|16|32|0.001|0.002|2.5\n"
              "other|\\N|catchup|\\N|78|\\N|50331744|\\N|8192|\\N|\\N|\\N|\\N|\\N\n"),
      families);
  const std::vector<std::pair<std::string, std::string>> first{{"application_name", "walreceiver"},
                                                               {"client_addr", "10.0.0.2"},
                                                               {"state", "streaming"},
                                                               {"slot_name", "slot_a"},
                                                               {"pid", "77"}};
  CHECK(value_of(families, "pg_stat_replication_pg_current_wal_lsn_bytes", first) == 50'331'744);
  CHECK(value_of(families, "pg_stat_replication_pg_wal_lsn_diff", first) == 4096);
  CHECK(value_of(families, "pg_stat_replication_sent_lag_bytes", first) == 0);
  CHECK(value_of(families, "pg_stat_replication_write_lag_bytes", first) == 16);
  CHECK(value_of(families, "pg_stat_replication_flush_lag_bytes", first) == 32);
  CHECK(value_of(families, "pg_stat_replication_write_lag_seconds", first) == 0.001);
  CHECK(value_of(families, "pg_stat_replication_flush_lag_seconds", first) == 0.002);
  CHECK(value_of(families, "pg_stat_replication_replay_lag_seconds", first) == 2.5);
  CHECK(value_of(families, "pg_stat_replication_sync_state",
                 {{"application_name", "walreceiver"},
                  {"client_addr", "10.0.0.2"},
                  {"slot_name", "slot_a"},
                  {"pid", "77"},
                  {"sync_state", "async"}}) == 1);
  CHECK(series_of(families, "pg_stat_replication_pg_wal_lsn_diff") == 1);
  CHECK(series_of(families, "pg_stat_replication_sent_lag_bytes") == 2);
  CHECK(series_of(families, "pg_stat_replication_sync_state") == 1);
}

TEST_CASE("slots of PostgreSQL 12 to 17", "[stat_replication]") {
  Families families;
  add_replication_slots(
      rows_of("slot_name|slot_type|database|active|is_active|wal_status|safe_wal_size|position|behind|confirmed|"
              "xmin_age|catalog_xmin_age|invalidation_reason\n"
              "standby|physical|\\N|t|1|reserved|\\N|1000|200|\\N|5|\\N|\\N\n"
              "cdc|logical|orders|f|0|lost|4096|1000|\\N|900|\\N|70|wal_removed\n"),
      families);
  const std::vector<std::pair<std::string, std::string>> standby{{"slot_name", "standby"}, {"slot_type", "physical"}};
  const std::vector<std::pair<std::string, std::string>> cdc{{"slot_name", "cdc"}, {"slot_type", "logical"}};
  CHECK(value_of(families, "pg_replication_slots_active", {{"slot_name", "standby"}, {"database", ""}}) == 1);
  CHECK(value_of(families, "pg_replication_slots_active", {{"slot_name", "cdc"}, {"database", "orders"}}) == 0);
  CHECK(value_of(families, "pg_replication_slots_pg_wal_lsn_diff", {{"slot_name", "standby"}, {"database", ""}}) ==
        200);
  CHECK(series_of(families, "pg_replication_slots_pg_wal_lsn_diff") == 1);
  CHECK(value_of(families, "pg_replication_slots_slot_current_wal_lsn", standby) == 1000);
  CHECK(value_of(families, "pg_replication_slots_slot_is_active", standby) == 1);
  CHECK(value_of(families, "pg_replication_slots_slot_confirmed_flush_lsn", cdc) == 900);
  CHECK(value_of(families, "pg_replication_slots_safe_wal_size_bytes", cdc) == 4096);
  CHECK(series_of(families, "pg_replication_slots_safe_wal_size_bytes") == 1);
  CHECK(value_of(families, "pg_replication_slots_slot_xmin_age_transactions", standby) == 5);
  CHECK(value_of(families, "pg_replication_slots_slot_catalog_xmin_age_transactions", cdc) == 70);
  CHECK(value_of(families, "pg_replication_slots_wal_status",
                 {{"slot_name", "cdc"}, {"slot_type", "logical"}, {"wal_status", "lost"}}) == 1);
  CHECK(value_of(families, "pg_replication_slots_invalidated",
                 {{"slot_name", "cdc"}, {"slot_type", "logical"}, {"reason", "wal_removed"}}) == 1);
  CHECK(series_of(families, "pg_replication_slots_invalidated") == 1);
}
