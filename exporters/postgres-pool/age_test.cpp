// SPDX-License-Identifier: Apache-2.0
#include "age.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

Output age(std::string_view table) {
  Output out;
  add_age(rows_of(table), out);
  return out;
}

}  // namespace

TEST_CASE("a database's longest ages and how many sessions have which", "[age]") {
  const auto out =
      age("datname|datallowconn|sees_all|transaction_longest|transaction_0|transaction_60|query_longest|query_0|"
          "idle_in_transaction_longest|idle_in_transaction_10|prepared|prepared_oldest\n"
          "orders|t|t|75.5|4|1|2.5|3|70.25|1|2|3600\n");
  CHECK(value_of(out.families, "pg_age_longest_transaction_seconds", {{"datname", "orders"}}) == 75.5);
  CHECK(value_of(out.families, "pg_age_longest_query_seconds", {{"datname", "orders"}}) == 2.5);
  CHECK(value_of(out.families, "pg_age_longest_idle_in_transaction_seconds", {{"datname", "orders"}}) == 70.25);
  const auto sessions = [&](const char* activity, const char* bound) {
    return value_of(out.families, "pg_age_sessions",
                    {{"datname", "orders"}, {"activity", activity}, {"at_least_seconds", bound}});
  };
  CHECK(sessions("transaction", "0") == 4);
  CHECK(sessions("transaction", "60") == 1);
  CHECK(sessions("transaction", "86400") == 0);
  CHECK(sessions("query", "0") == 3);
  CHECK(sessions("idle_in_transaction", "10") == 1);
  CHECK(value_of(out.families, "pg_prepared_transactions", {{"datname", "orders"}}) == 2);
  CHECK(value_of(out.families, "pg_prepared_transactions_oldest_seconds", {{"datname", "orders"}}) == 3600);
  REQUIRE(out.facts.size() == 1);
  CHECK(out.facts[0].name == "idle_in_transaction_seconds");
  CHECK(out.facts[0].component == "orders");
  CHECK(out.facts[0].value == 70.25);
}

TEST_CASE("a database without sessions has ages of 0", "[age]") {
  const auto out =
      age("datname|datallowconn|sees_all|transaction_longest|prepared|prepared_oldest\nidle|t|t|\\N|\\N|\\N\n");
  CHECK(value_of(out.families, "pg_age_longest_transaction_seconds", {{"datname", "idle"}}) == 0);
  CHECK(value_of(out.families, "pg_prepared_transactions", {{"datname", "idle"}}) == 0);
}

TEST_CASE("headroom of ids is told of every database, and of both limits", "[age]") {
  const auto out =
      age("datname|datallowconn|sees_all|xid_age|mxid_age|xid_freeze|mxid_freeze\n"
          "template0|f|t|1073741824|0|200000000|400000000\n");
  CHECK(find_family(out.families, "pg_age_sessions") == nullptr);
  CHECK(value_of(out.families, "pg_xid_headroom_ratio", {{"datname", "template0"}, {"limit", "wraparound"}}) == 0.5);
  CHECK(value_of(out.families, "pg_xid_headroom_ratio",
                 {{"datname", "template0"}, {"limit", "autovacuum_freeze_max_age"}}) == Approx(-4.36870912));
  CHECK(value_of(out.families, "pg_multixact_headroom_ratio", {{"datname", "template0"}, {"limit", "wraparound"}}) ==
        1);
  CHECK(value_of(out.families, "pg_multixact_headroom_ratio",
                 {{"datname", "template0"}, {"limit", "autovacuum_multixact_freeze_max_age"}}) == 1);
  REQUIRE(out.facts.size() == 2);
  CHECK(out.facts[0].name == "xid_headroom_ratio");
  CHECK(out.facts[0].value == 0.5);
}

TEST_CASE("ages are not told where sessions are hidden", "[age]") {
  CHECK_THROWS_WITH(age("datname|datallowconn|sees_all\norders|t|f\n"), Catch::Contains("GRANT pg_monitor"));
}
