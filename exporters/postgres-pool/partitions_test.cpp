// SPDX-License-Identifier: Apache-2.0
#include "partitions.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/collector.h"
#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

Families partitions(const std::string& table) {
  Families families;
  add_partitions(rows_of("datname|schemaname|relname|by_time|partitions|ahead|covered|default_rows\n" + table),
                 families);
  return families;
}

const std::vector<std::pair<std::string, std::string>> kEvents{
    {"datname", "orders"}, {"schemaname", "public"}, {"relname", "events"}};

}  // namespace

TEST_CASE("a table by time has a newest end", "[partitions]") {
  const auto families = partitions("orders|public|events|t|4|259200.5|t|7\n");
  CHECK(value_of(families, "pg_partition_partitions", kEvents) == 4);
  CHECK(value_of(families, "pg_partition_ahead_seconds", kEvents) == 259'200.5);
  CHECK(value_of(families, "pg_partition_now_covered", kEvents) == 1);
  CHECK(value_of(families, "pg_partition_default_rows", kEvents) == 7);
}

TEST_CASE("a table whose partitions have ended, or end never", "[partitions]") {
  CHECK(value_of(partitions("orders|public|events|t|4|-60|f|\\N\n"), "pg_partition_ahead_seconds", kEvents) == -60);
  CHECK(value_of(partitions("orders|public|events|t|4|-60|f|\\N\n"), "pg_partition_now_covered", kEvents) == 0);
  CHECK(value_of(partitions("orders|public|events|t|1|Infinity|t|\\N\n"), "pg_partition_ahead_seconds", kEvents) ==
        INFINITY);
}

TEST_CASE("what does not apply is absent", "[partitions]") {
  const auto by_hash = partitions("orders|public|events|f|4|\\N|f|\\N\n");
  CHECK(by_hash.all().size() == 1);
  const auto empty = partitions("orders|public|events|t|0|\\N|f|\\N\n");
  CHECK(value_of(empty, "pg_partition_partitions", kEvents) == 0);
  CHECK(value_of(empty, "pg_partition_now_covered", kEvents) == 0);
  CHECK(find_family(empty, "pg_partition_ahead_seconds") == nullptr);
  CHECK(find_family(empty, "pg_partition_default_rows") == nullptr);
}

TEST_CASE("a database without partitioned tables has nothing to tell", "[partitions]") {
  CHECK_THROWS_AS(partitions(""), NotApplicable);
}
