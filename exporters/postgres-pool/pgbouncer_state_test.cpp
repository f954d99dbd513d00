// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_state.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("each state is a series, one of them 1", "[pgbouncer]") {
  Families families;
  add_pgbouncer_state(rows_of("key|value\nactive|no\npaused|yes\nsuspended|no\nodd|perhaps\n"), families);
  CHECK(value_of(families, "pgbouncer_state", {{"state", "active"}}) == 0);
  CHECK(value_of(families, "pgbouncer_state", {{"state", "paused"}}) == 1);
  CHECK(value_of(families, "pgbouncer_state", {{"state", "suspended"}}) == 0);
  CHECK(families.series() == 3);
}
