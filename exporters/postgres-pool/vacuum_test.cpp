// SPDX-License-Identifier: Apache-2.0
#include "vacuum.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("tables past their thresholds, by reason", "[vacuum]") {
  Families families;
  add_vacuum(rows_of("kind|datname|schemaname|relname|reason|tables|ratio\n"
                     "reason|orders|\\N|\\N|dead_rows|2|3.5\n"
                     "reason|orders|\\N|\\N|freeze|0|0.25\n"
                     "table|orders|public|items|dead_rows|\\N|3.5\n"
                     "disabled|orders|\\N|\\N|\\N|1|\\N\n"
                     "workers|\\N|\\N|\\N|\\N|2|3\n"),
             families);
  const auto of = [&](const char* name, const char* reason) {
    return value_of(families, name, {{"datname", "orders"}, {"reason", reason}});
  };
  CHECK(of("pg_vacuum_overdue_tables", "dead_rows") == 2);
  CHECK(of("pg_vacuum_overdue_tables", "freeze") == 0);
  CHECK(of("pg_vacuum_most_overdue_ratio", "dead_rows") == 3.5);
  CHECK(of("pg_vacuum_most_overdue_ratio", "freeze") == 0.25);
  CHECK(value_of(families, "pg_vacuum_table_overdue_ratio",
                 {{"datname", "orders"}, {"schemaname", "public"}, {"relname", "items"}, {"reason", "dead_rows"}}) ==
        3.5);
  CHECK(value_of(families, "pg_vacuum_disabled_tables", {{"datname", "orders"}}) == 1);
  CHECK(value_of(families, "pg_autovacuum_workers_used") == 2);
  CHECK(value_of(families, "pg_autovacuum_workers_limit") == 3);
}

TEST_CASE("workers that are hidden are not told as none", "[vacuum]") {
  Families families;
  add_vacuum(rows_of("kind|datname|tables|ratio\nworkers|\\N|\\N|3\n"), families);
  CHECK(find_family(families, "pg_autovacuum_workers_used") == nullptr);
  CHECK(value_of(families, "pg_autovacuum_workers_limit") == 3);
}

TEST_CASE("the statement has what its version knows", "[vacuum]") {
  CHECK(vacuum_sql(120'000).find("pg_stat_get_ins_since_vacuum") == std::string::npos);
  CHECK(vacuum_sql(130'000).find("pg_stat_get_ins_since_vacuum") != std::string::npos);
  CHECK(vacuum_sql(170'000).find("relallfrozen") == std::string::npos);
  CHECK(vacuum_sql(180'000).find("relallfrozen") != std::string::npos);
}
