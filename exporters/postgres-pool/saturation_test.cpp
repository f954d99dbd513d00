// SPDX-License-Identifier: Apache-2.0
#include "saturation.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

Output saturation(std::string_view table) {
  Output out;
  add_saturation(rows_of(table), out);
  return out;
}

std::optional<double> fact(const Output& out, const std::string& component) {
  for (const auto& one : out.facts) {
    if (one.component == component) return one.value;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("what is reserved is not left", "[saturation]") {
  const auto out = saturation(
      "scope|name|used|most|superuser_reserved|reserved|sees_all\n"
      "server|\\N|80|100|3|7|t\n");
  CHECK(value_of(out.families, "pg_connections_used") == 80);
  CHECK(value_of(out.families, "pg_connections_limit") == 100);
  CHECK(value_of(out.families, "pg_connections_reserved", {{"reserved_for", "superuser"}}) == 3);
  CHECK(value_of(out.families, "pg_connections_reserved", {{"reserved_for", "pg_use_reserved_connections"}}) == 7);
  CHECK(value_of(out.families, "pg_connections_left") == 10);
  CHECK(fact(out, "") == Approx(80.0 / 90));
}

TEST_CASE("before version 16 nothing but superusers' connections is reserved", "[saturation]") {
  const auto out = saturation(
      "scope|name|used|most|superuser_reserved|reserved|sees_all\n"
      "server|\\N|98|100|3|\\N|t\n");
  CHECK(series_of(out.families, "pg_connections_reserved") == 1);
  CHECK(value_of(out.families, "pg_connections_left") == 0);
  CHECK(fact(out, "").value() > 1);
}

TEST_CASE("databases and roles have a limit and a rest only where one applies", "[saturation]") {
  const auto out = saturation(
      "scope|name|used|most|superuser_reserved|reserved|sees_all\n"
      "server|\\N|5|100|3|0|t\n"
      "database|orders|4|10|\\N|\\N|\\N\n"
      "database|free|1|-1|\\N|\\N|\\N\n"
      "database|closed|0|0|\\N|\\N|\\N\n"
      "role|app|4|4|\\N|\\N|\\N\n"
      "role|root|1|-1|\\N|\\N|\\N\n");
  CHECK(series_of(out.families, "pg_connections_database_used") == 3);
  CHECK(series_of(out.families, "pg_connections_database_limit") == 2);
  CHECK(value_of(out.families, "pg_connections_database_left", {{"datname", "orders"}}) == 6);
  CHECK(value_of(out.families, "pg_connections_database_left", {{"datname", "closed"}}) == 0);
  CHECK(value_of(out.families, "pg_connections_role_used", {{"rolname", "root"}}) == 1);
  CHECK(series_of(out.families, "pg_connections_role_limit") == 1);
  CHECK(value_of(out.families, "pg_connections_role_left", {{"rolname", "app"}}) == 0);
  CHECK(fact(out, "datname=orders") == Approx(0.4));
  CHECK(fact(out, "rolname=app") == Approx(1));
  CHECK(out.facts.size() == 3);
}

TEST_CASE("sessions that are hidden are not counted as none", "[saturation]") {
  CHECK_THROWS_WITH(saturation("scope|used|most|sees_all\nserver|1|100|f\n"), Catch::Contains("GRANT pg_monitor"));
  CHECK_THROWS(saturation("scope|used|most|sees_all\n"));
}
