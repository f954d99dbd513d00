// SPDX-License-Identifier: Apache-2.0
#include "top_collector.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("members are numbers only", "[top]") {
  CHECK(members_of(rows_of("queryid|calls\n-5|1\n9223372036854775807|2\n"), "queryid") == "{-5,9223372036854775807}");
  CHECK(members_of(rows_of("queryid\n\\N\n7}'; DROP TABLE x\n3\n"), "queryid") == "{3}");
  CHECK(members_of(rows_of("calls\n1\n"), "queryid") == "{}");
  CHECK(members_of(Rows{}, "queryid") == "{}");
}
