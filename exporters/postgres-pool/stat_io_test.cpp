// SPDX-License-Identifier: Apache-2.0
#include "stat_io.h"

#include <catch2/catch.hpp>

#include "core/collector.h"
#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("pg_stat_io is of PostgreSQL 16 on, and counts bytes itself from 18 on", "[stat_io]") {
  CHECK_THROWS_AS(stat_io_sql(150'018), NotApplicable);
  CHECK(stat_io_sql(160'000).find("op_bytes") != std::string::npos);
  CHECK(stat_io_sql(180'000).find("op_bytes") == std::string::npos);
}

TEST_CASE("I/O by kind of process, object and context", "[stat_io]") {
  Families families;
  add_stat_io(rows_of("backend_type|object|context|reads|read_time|writes|write_time|writebacks|writeback_time|extends|"
                      "extend_time|op_bytes|hits|evictions|reuses|fsyncs|fsync_time|read_bytes\n"
                      "client backend|relation|normal|10|2500|4|0|1|500|2|0|8192|900|3|\\N|\\N|\\N|81920\n"
                      "checkpointer|relation|normal|\\N|\\N|7|0|7|0|\\N|\\N|8192|\\N|\\N|\\N|5|1000|\\N\n"),
              families);
  const std::vector<std::pair<std::string, std::string>> client{
      {"backend_type", "client backend"}, {"object", "relation"}, {"context", "normal"}};
  CHECK(value_of(families, "pg_stat_io_reads_total", client) == 10);
  CHECK(value_of(families, "pg_stat_io_read_bytes_total", client) == 81'920);
  CHECK(value_of(families, "pg_stat_io_read_seconds_total", client) == 2.5);
  CHECK(value_of(families, "pg_stat_io_writeback_seconds_total", client) == 0.5);
  CHECK(value_of(families, "pg_stat_io_hits_total", client) == 900);
  CHECK(series_of(families, "pg_stat_io_reads_total") == 1);
  CHECK(series_of(families, "pg_stat_io_writes_total") == 2);
  CHECK(series_of(families, "pg_stat_io_reuses_total") == 0);
  CHECK(value_of(families, "pg_stat_io_fsync_seconds_total",
                 {{"backend_type", "checkpointer"}, {"object", "relation"}, {"context", "normal"}}) == 1);
}
