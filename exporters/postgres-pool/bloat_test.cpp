// SPDX-License-Identifier: Apache-2.0
#include "bloat.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("bloat in bytes and as a share of the table", "[bloat]") {
  Families families;
  add_bloat(rows_of("kind|datname|schemaname|relname|bytes|excess|tables|estimated\n"
                    "table|orders|public|items|4194304|1048576|\\N|\\N\n"
                    "table|orders|public|odd|0|0|\\N|\\N\n"
                    "unknown|orders|\\N|\\N|\\N|\\N|3|1700000000\n"),
            families);
  const std::vector<std::pair<std::string, std::string>> items{
      {"datname", "orders"}, {"schemaname", "public"}, {"relname", "items"}};
  CHECK(value_of(families, "pg_bloat_table_estimate_bytes", items) == 1'048'576);
  CHECK(value_of(families, "pg_bloat_table_estimate_ratio", items) == 0.25);
  CHECK(series_of(families, "pg_bloat_table_estimate_bytes") == 1);
  CHECK(value_of(families, "pg_bloat_unknown_tables", {{"datname", "orders"}}) == 3);
  CHECK(value_of(families, "pg_bloat_estimated_timestamp_seconds", {{"datname", "orders"}}) == 1'700'000'000);
}
