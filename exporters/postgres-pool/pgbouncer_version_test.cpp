// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_version.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("PgBouncer's version is a label", "[pgbouncer]") {
  Families families;
  add_pgbouncer_version(rows_of("version\nPgBouncer 1.18.0\n"), families);
  CHECK(value_of(families, "pgbouncer_version_info", {{"version", "PgBouncer 1.18.0"}}) == 1);
  CHECK_THROWS_AS(add_pgbouncer_version(rows_of("version\n"), families), std::runtime_error);
  CHECK_THROWS_AS(add_pgbouncer_version(rows_of("other\n1\n"), families), std::runtime_error);
}
