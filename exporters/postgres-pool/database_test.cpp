// SPDX-License-Identifier: Apache-2.0
#include "database.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("pg_stat_database has a series for each database and column", "[database]") {
  Families families;
  add_database(rows_of("datid|datname|numbackends|xact_commit|blk_read_time|stats_reset_epoch|active_time|sessions\n"
                       "5|orders|3|100|12.5|1700000000|1500|40\n"
                       "6|users|0|7|0|\\N|0|2\n"),
               families);
  const std::vector<std::pair<std::string, std::string>> orders{{"datid", "5"}, {"datname", "orders"}};
  CHECK(value_of(families, "pg_stat_database_numbackends", orders) == 3);
  CHECK(value_of(families, "pg_stat_database_xact_commit", orders) == 100);
  CHECK(value_of(families, "pg_stat_database_blk_read_time", orders) == 12.5);
  CHECK(value_of(families, "pg_stat_database_stats_reset", orders) == 1'700'000'000);
  CHECK(value_of(families, "pg_stat_database_active_time_seconds_total", orders) == 1.5);
  CHECK(value_of(families, "pg_stat_database_sessions_total", orders) == 40);
  CHECK(series_of(families, "pg_stat_database_stats_reset") == 1);
  CHECK(series_of(families, "pg_stat_database_numbackends") == 2);
}

TEST_CASE("columns of other versions are absent or ignored", "[database]") {
  Families families;
  add_database(rows_of("new_in_19|datname|datid|deadlocks|checksum_failures\n1|orders|5|2|\\N\n"), families);
  CHECK(families.all().size() == 1);
  CHECK(value_of(families, "pg_stat_database_deadlocks", {{"datid", "5"}, {"datname", "orders"}}) == 2);
}
