// SPDX-License-Identifier: Apache-2.0
#include "keyspace.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Families collect(const std::string& text, int databases = 0) {
  Families families;
  add_keyspace(Info{"# Keyspace\r\n" + text}, databases, families);
  return families;
}

}  // namespace

TEST_CASE("keys by database", "[keyspace]") {
  const auto families = collect("db0:keys=10,expires=4,avg_ttl=1500\r\ndb3:keys=1,expires=0\r\n");
  CHECK(value_of(families, "redis_db_keys", {{"db", "db0"}}) == 10);
  CHECK(value_of(families, "redis_db_keys_expiring", {{"db", "db0"}}) == 4);
  CHECK(value_of(families, "redis_db_avg_ttl_seconds", {{"db", "db0"}}) == 1.5);
  CHECK(value_of(families, "redis_db_keys", {{"db", "db3"}}) == 1);
  CHECK(series_of(families, "redis_db_avg_ttl_seconds") == 1);
  CHECK(series_of(families, "redis_db_keys") == 2);
}

TEST_CASE("what stands after the time to live differs by server", "[keyspace]") {
  const auto families = collect(
      "db0:keys=1,expires=0,avg_ttl=0,cached_keys=3\r\ndb1:keys=1,expires=0,avg_ttl=0,subexpiry=4\r\n"
      "db2:keys=1,expires=0,avg_ttl=-1\r\ndb4:keys=1,expires=0,avg_ttl=0,keys_with_volatile_items=5,more=1\r\n");
  CHECK(value_of(families, "redis_db_keys_cached", {{"db", "db0"}}) == 3);
  CHECK(series_of(families, "redis_db_keys_cached") == 1);
  CHECK(value_of(families, "redis_db_keys_with_expiring_fields", {{"db", "db1"}}) == 4);
  CHECK(value_of(families, "redis_db_keys_with_expiring_fields", {{"db", "db4"}}) == 5);
  CHECK_FALSE(value_of(families, "redis_db_avg_ttl_seconds", {{"db", "db2"}}));
}

TEST_CASE("empty databases are zeros where their number is known", "[keyspace]") {
  const auto families = collect("db1:keys=5,expires=1,avg_ttl=0\r\n", 3);
  CHECK(series_of(families, "redis_db_keys") == 3);
  CHECK(value_of(families, "redis_db_keys", {{"db", "db0"}}) == 0);
  CHECK(value_of(families, "redis_db_keys", {{"db", "db1"}}) == 5);
  CHECK(value_of(families, "redis_db_keys_expiring", {{"db", "db2"}}) == 0);
}

TEST_CASE("malformed databases are skipped", "[keyspace]") {
  CHECK(collect("db0:\r\ndbx:keys=1,expires=0\r\ndb:keys=1,expires=0\r\ndb1:keys=a,expires=0\r\ndb2:keys=1\r\n")
            .all()
            .empty());
}
