// SPDX-License-Identifier: Apache-2.0
#include "database_conflicts.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("conflicts by database", "[database_conflicts]") {
  Families families;
  add_database_conflicts(
      rows_of("datid|datname|confl_tablespace|confl_lock|confl_snapshot|confl_bufferpin|confl_deadlock\n"
              "5|orders|1|2|3|4|5\n"),
      families);
  const std::vector<std::pair<std::string, std::string>> orders{{"datid", "5"}, {"datname", "orders"}};
  CHECK(value_of(families, "pg_stat_database_conflicts_confl_tablespace", orders) == 1);
  CHECK(value_of(families, "pg_stat_database_conflicts_confl_lock", orders) == 2);
  CHECK(value_of(families, "pg_stat_database_conflicts_confl_snapshot", orders) == 3);
  CHECK(value_of(families, "pg_stat_database_conflicts_confl_bufferpin", orders) == 4);
  CHECK(value_of(families, "pg_stat_database_conflicts_confl_deadlock", orders) == 5);
  CHECK(families.series() == 5);
}

TEST_CASE("PostgreSQL 16 counts logical slots too", "[database_conflicts]") {
  Families families;
  add_database_conflicts(rows_of("datid|datname|confl_active_logicalslot\n5|orders|6\n"), families);
  CHECK(value_of(families, "pg_stat_database_conflicts_confl_active_logicalslot",
                 {{"datid", "5"}, {"datname", "orders"}}) == 6);
}
