// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

Families settings_of(std::string_view lines) {
  Families families;
  add_settings(rows_of("name|setting|unit|vartype\n" + std::string{lines}), families);
  return families;
}

}  // namespace

TEST_CASE("sizes are bytes, whatever the server counts them in", "[settings]") {
  const auto families = settings_of(
      "shared_buffers|16384|8kB|integer\n"
      "work_mem|4096|kB|integer\n"
      "max_wal_size|1024|MB|integer\n"
      "wal_segment_size|16777216|B|integer\n"
      "huge|2|GB|integer\n"
      "segments|3|16MB|integer\n");
  CHECK(value_of(families, "pg_settings_shared_buffers_bytes") == 134'217'728);
  CHECK(value_of(families, "pg_settings_work_mem_bytes") == 4'194'304);
  CHECK(value_of(families, "pg_settings_max_wal_size_bytes") == 1'073'741'824);
  CHECK(value_of(families, "pg_settings_wal_segment_size_bytes") == 16'777'216);
  CHECK(value_of(families, "pg_settings_huge_bytes") == 2'147'483'648);
  CHECK(value_of(families, "pg_settings_segments_bytes") == 50'331'648);
}

TEST_CASE("times are seconds", "[settings]") {
  const auto families = settings_of(
      "checkpoint_timeout|300|s|integer\n"
      "autovacuum_vacuum_cost_delay|2|ms|real\n"
      "log_rotation_age|1440|min|integer\n"
      "age|2|h|integer\n"
      "retention|3|d|integer\n");
  CHECK(value_of(families, "pg_settings_checkpoint_timeout_seconds") == 300);
  CHECK(value_of(families, "pg_settings_autovacuum_vacuum_cost_delay_seconds") == 0.002);
  CHECK(value_of(families, "pg_settings_log_rotation_age_seconds") == 86'400);
  CHECK(value_of(families, "pg_settings_age_seconds") == 7200);
  CHECK(value_of(families, "pg_settings_retention_seconds") == 259'200);
}

TEST_CASE("-1 says off or default, and has no unit", "[settings]") {
  const auto families = settings_of(
      "log_min_duration_statement|-1|ms|integer\n"
      "max_slot_wal_keep_size|-1|MB|integer\n"
      "idle_timeout|0|ms|integer\n");
  CHECK(value_of(families, "pg_settings_log_min_duration_statement_seconds") == -1);
  CHECK(value_of(families, "pg_settings_max_slot_wal_keep_size_bytes") == -1);
  CHECK(value_of(families, "pg_settings_idle_timeout_seconds") == 0);
}

TEST_CASE("booleans, plain numbers and names of extensions", "[settings]") {
  const auto families = settings_of(
      "fsync|on||bool\n"
      "autovacuum|off||bool\n"
      "max_connections|100||integer\n"
      "random_page_cost|1.1||real\n"
      "pg_stat_statements.max|5000||integer\n"
      "my-ext.some thing|1||integer\n");
  CHECK(value_of(families, "pg_settings_fsync") == 1);
  CHECK(value_of(families, "pg_settings_autovacuum") == 0);
  CHECK(value_of(families, "pg_settings_max_connections") == 100);
  CHECK(value_of(families, "pg_settings_random_page_cost") == 1.1);
  CHECK(value_of(families, "pg_settings_pg_stat_statements_max") == 5000);
  CHECK(value_of(families, "pg_settings_my_ext_some_thing") == 1);
}

TEST_CASE("a setting that cannot be read is left out, and no other", "[settings]") {
  const auto families = settings_of(
      "odd|1|parsec|integer\n"
      "blocks|1|8|integer\n"
      "text|twelve||integer\n"
      "\\N|1||integer\n"
      "empty|\\N||integer\n"
      "good|1||integer\n");
  CHECK(families.series() == 1);
  CHECK(value_of(families, "pg_settings_good") == 1);
}

TEST_CASE("some settings or all", "[settings]") {
  CHECK(settings_sql(false).find("max_connections") != std::string::npos);
  CHECK(settings_sql(true).find("max_connections") == std::string::npos);
}
