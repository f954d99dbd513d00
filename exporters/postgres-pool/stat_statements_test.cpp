// SPDX-License-Identifier: Apache-2.0
#include "stat_statements.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("statements by role, database and id", "[stat_statements]") {
  Families families;
  add_stat_statements(rows_of("user|datname|queryid|calls|exec_ms|row_count|read_ms|write_ms\n"
                              "app|orders|-7|3|1500|30|250|\\N\n"),
                      families);
  const std::vector<std::pair<std::string, std::string>> labels{
      {"user", "app"}, {"datname", "orders"}, {"queryid", "-7"}};
  CHECK(value_of(families, "pg_stat_statements_calls_total", labels) == 3);
  CHECK(value_of(families, "pg_stat_statements_seconds_total", labels) == 1.5);
  CHECK(value_of(families, "pg_stat_statements_rows_total", labels) == 30);
  CHECK(value_of(families, "pg_stat_statements_block_read_seconds_total", labels) == 0.25);
  CHECK(series_of(families, "pg_stat_statements_block_write_seconds_total") == 0);
}

TEST_CASE("the statement knows its limit and the last answer's members, and asks for no text", "[stat_statements]") {
  const auto sql = stat_statements_sql(7, "{1,-2}");
  CHECK(sql.find("LIMIT 7") != std::string::npos);
  CHECK(sql.find("'{1,-2}'::bigint[]") != std::string::npos);
  CHECK(sql.find("pg_stat_statements(false)") != std::string::npos);
}
