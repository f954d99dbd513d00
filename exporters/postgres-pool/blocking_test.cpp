// SPDX-License-Identifier: Apache-2.0
#include "blocking.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

Output blocking(std::string_view table) {
  Output out;
  add_blocking(rows_of("kind|datname|mode|granted|waiting|pid|waits|waited|blockers\n" + std::string{table}), out);
  return out;
}

std::optional<double> orders(const Output& out, std::string_view name) {
  return value_of(out.families, name, {{"datname", "orders"}});
}

}  // namespace

TEST_CASE("where nobody waits all is 0", "[blocking]") {
  const auto out = blocking("database|orders|\\N|\\N|\\N|\\N|\\N|\\N|\\N\n");
  CHECK(orders(out, "pg_blocked_sessions") == 0);
  CHECK(orders(out, "pg_blocking_roots") == 0);
  CHECK(orders(out, "pg_blocking_chain_depth") == 0);
  CHECK(orders(out, "pg_blocking_longest_wait_seconds") == 0);
  CHECK(value_of(out.families, "pg_locks_granted", {{"datname", "orders"}, {"mode", "AccessShareLock"}}) == 0);
  CHECK(series_of(out.families, "pg_locks_waiting") == 9);
}

TEST_CASE("locks held and awaited stand apart", "[blocking]") {
  const auto out = blocking(
      "database|orders|\\N|\\N|\\N|\\N|\\N|\\N|\\N\n"
      "locks|orders|RowExclusiveLock|7|2|\\N|\\N|\\N|\\N\n"
      "locks|\\N|ExclusiveLock|1|0|\\N|\\N|\\N|\\N\n");
  CHECK(value_of(out.families, "pg_locks_granted", {{"datname", "orders"}, {"mode", "RowExclusiveLock"}}) == 7);
  CHECK(value_of(out.families, "pg_locks_waiting", {{"datname", "orders"}, {"mode", "RowExclusiveLock"}}) == 2);
  CHECK(value_of(out.families, "pg_locks_granted", {{"datname", ""}, {"mode", "ExclusiveLock"}}) == 1);
}

TEST_CASE("a chain of three has one root", "[blocking]") {
  const auto out = blocking(
      "session|orders|\\N|\\N|\\N|10|f|\\N|\\N\n"
      "session|orders|\\N|\\N|\\N|11|t|30.5|10\n"
      "session|orders|\\N|\\N|\\N|12|t|20|11\n"
      "session|orders|\\N|\\N|\\N|13|t|10|12\n");
  CHECK(orders(out, "pg_blocked_sessions") == 3);
  CHECK(orders(out, "pg_blocking_roots") == 1);
  CHECK(orders(out, "pg_blocking_chain_depth") == 3);
  CHECK(orders(out, "pg_blocking_longest_wait_seconds") == 30.5);
  REQUIRE(out.facts.size() == 1);
  CHECK(out.facts[0].name == "blocked_seconds");
  CHECK(out.facts[0].value == 30.5);
}

TEST_CASE("many who wait for one are no chain", "[blocking]") {
  const auto out = blocking(
      "session|orders|\\N|\\N|\\N|10|f|\\N|\\N\n"
      "session|orders|\\N|\\N|\\N|11|t|3|10\n"
      "session|orders|\\N|\\N|\\N|12|t|2|10,10\n");
  CHECK(orders(out, "pg_blocking_chain_depth") == 1);
  CHECK(orders(out, "pg_blocking_roots") == 1);
}

TEST_CASE("a root counts in its own database", "[blocking]") {
  const auto out = blocking(
      "session|admin|\\N|\\N|\\N|10|f|\\N|\\N\n"
      "session|orders|\\N|\\N|\\N|11|t|3|10\n");
  CHECK(value_of(out.families, "pg_blocking_roots", {{"datname", "admin"}}) == 1);
  CHECK(orders(out, "pg_blocking_roots") == 0);
}

TEST_CASE("a prepared transaction blocks where others wait for it", "[blocking]") {
  const auto out = blocking(
      "session|\\N|\\N|\\N|\\N|0|f|\\N|\\N\n"
      "session|orders|\\N|\\N|\\N|11|t|3|0\n"
      "session|orders|\\N|\\N|\\N|12|t|3|0\n");
  CHECK(orders(out, "pg_blocking_roots") == 1);
  CHECK(orders(out, "pg_blocking_chain_depth") == 1);
}

TEST_CASE("a deadlock ends the walk", "[blocking]") {
  const auto out = blocking(
      "session|orders|\\N|\\N|\\N|11|t|3|12\n"
      "session|orders|\\N|\\N|\\N|12|t|3|11\n");
  CHECK(orders(out, "pg_blocked_sessions") == 2);
  CHECK(orders(out, "pg_blocking_roots") == 0);
  CHECK(orders(out, "pg_blocking_chain_depth") == 2);
}

TEST_CASE("who was not asked for blockers still waits", "[blocking]") {
  const auto out = blocking("session|orders|\\N|\\N|\\N|11|t|3|\\N\n");
  CHECK(orders(out, "pg_blocked_sessions") == 1);
  CHECK(orders(out, "pg_blocking_roots") == 0);
  CHECK(orders(out, "pg_blocking_chain_depth") == 1);
}

TEST_CASE("a wait of unknown length is no wait of 0", "[blocking]") {
  const auto out = blocking("session|orders|\\N|\\N|\\N|11|t|\\N|10\n");
  CHECK(orders(out, "pg_blocked_sessions") == 1);
  CHECK_FALSE(orders(out, "pg_blocking_longest_wait_seconds"));
  CHECK(out.facts.empty());
}

TEST_CASE("before version 14 the statement's begin stands for the wait's", "[blocking]") {
  CHECK(blocking_sql(150'018).find("waitstart") != std::string::npos);
  CHECK(blocking_sql(130'000).find("waitstart") == std::string::npos);
  CHECK(blocking_sql(130'000).find("min(a.query_start)") != std::string::npos);
}
