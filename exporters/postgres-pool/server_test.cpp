// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("the server's own facts", "[server]") {
  Families families;
  add_server(rows_of("version|version_num|start_time|in_recovery\nPostgreSQL 15.18 on x|150018|1700000000.25|t\n"),
             families);
  CHECK(value_of(families, "pg_static", {{"version", "PostgreSQL 15.18 on x"}, {"short_version", "15.18.0"}}) == 1);
  CHECK(value_of(families, "pg_postmaster_start_time_seconds") == 1'700'000'000.25);
  CHECK(value_of(families, "pg_replication_is_replica") == 1);

  Families primary;
  add_server(rows_of("in_recovery\nf\n"), primary);
  CHECK(value_of(primary, "pg_replication_is_replica") == 0);
  CHECK(primary.all().size() == 1);
  CHECK_THROWS_AS(add_server(rows_of("version\n"), primary), std::runtime_error);
}

TEST_CASE("versions as three numbers", "[server]") {
  CHECK(short_version(120000) == "12.0.0");
  CHECK(short_version(180003) == "18.3.0");
}
