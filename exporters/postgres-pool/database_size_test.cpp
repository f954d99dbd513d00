// SPDX-License-Identifier: Apache-2.0
#include "database_size.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("sizes that we may not know and limits that do not exist are absent", "[database_size]") {
  Families families;
  add_database_size(rows_of("datname|connection_limit|size\norders|10|8000000\nsecret|\\N|\\N\nclosed|0|7\n"),
                    families);
  CHECK(value_of(families, "pg_database_size_bytes", {{"datname", "orders"}}) == 8'000'000);
  CHECK(value_of(families, "pg_database_connection_limit", {{"datname", "orders"}}) == 10);
  CHECK(value_of(families, "pg_database_connection_limit", {{"datname", "closed"}}) == 0);
  CHECK(series_of(families, "pg_database_size_bytes") == 2);
  CHECK(series_of(families, "pg_database_connection_limit") == 2);
}

TEST_CASE("roles' limits", "[database_size]") {
  Families families;
  add_roles(rows_of("rolname|connection_limit\napp|5\npostgres|\\N\n"), families);
  CHECK(value_of(families, "pg_roles_connection_limit", {{"rolname", "app"}}) == 5);
  CHECK(series_of(families, "pg_roles_connection_limit") == 1);
}

TEST_CASE("ages have postgres_exporter's names and honest ones", "[database_size]") {
  Families families;
  add_database_wraparound(rows_of("datname|xid_age|mxid_age\norders|725|3\n"), families);
  const std::vector<std::pair<std::string, std::string>> orders{{"datname", "orders"}};
  CHECK(value_of(families, "pg_database_wraparound_age_datfrozenxid_seconds", orders) == 725);
  CHECK(value_of(families, "pg_database_wraparound_age_datfrozenxid_transactions", orders) == 725);
  CHECK(value_of(families, "pg_database_wraparound_age_datminmxid_seconds", orders) == 3);
  CHECK(value_of(families, "pg_database_wraparound_age_datminmxid_multixacts", orders) == 3);
}
