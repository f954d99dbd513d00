// SPDX-License-Identifier: Apache-2.0
#include "slow_queries.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

/// The query ids that the set has after these rows, in their order.
std::string chosen(SlowQuerySet& set, std::size_t limit, const std::string& table) {
  const auto rows = rows_of("userid|dbid|queryid|seconds|slow\n" + table);
  std::string ids;
  for (const auto position : set.choose(rows, limit)) ids += std::string{rows[position].text("queryid").value()} + " ";
  return ids;
}

}  // namespace

TEST_CASE("slow statements come in by the time they took", "[slow_queries]") {
  SlowQuerySet set;
  CHECK(chosen(set, 2, "10|5|1|7|t\n10|5|2|9|t\n10|5|3|8|t\n10|5|4|99|f\n") == "2 3 ");
  CHECK(set.ids() == "2,3");
}

TEST_CASE("who is in stays in", "[slow_queries]") {
  SlowQuerySet set;
  chosen(set, 2, "10|5|2|9|t\n10|5|3|8|t\n");
  CHECK(chosen(set, 2, "10|5|1|700|t\n10|5|2|9|t\n10|5|3|8|t\n") == "2 3 ");
  SECTION("even when it is slow no more") { CHECK(chosen(set, 3, "10|5|2|9|f\n10|5|3|8|t\n") == "3 2 "); }
  SECTION("unless its place is wanted") { CHECK(chosen(set, 2, "10|5|1|1|t\n10|5|2|9|f\n10|5|3|8|t\n") == "3 1 "); }
  SECTION("or the server forgot it") { CHECK(chosen(set, 2, "10|5|1|1|t\n10|5|3|8|t\n") == "3 1 "); }
}

TEST_CASE("a statement of another user or database is another", "[slow_queries]") {
  SlowQuerySet set;
  chosen(set, 1, "10|5|2|9|t\n");
  CHECK(chosen(set, 2, "11|5|2|99|f\n10|6|2|99|f\n10|5|2|9|t\n") == "2 ");
}

TEST_CASE("an id that is no number does not get into SQL", "[slow_queries]") {
  SlowQuerySet set;
  chosen(set, 2, "10|5|1); DROP TABLE x|9|t\n10|5|-3|8|t\n");
  CHECK(set.ids() == "-3");
}

TEST_CASE("calls, time and rows of the chosen", "[slow_queries]") {
  const auto rows = rows_of(
      "queryid|datname|rolname|calls|seconds|rows|slow_queries\n"
      "-7|orders|app|4|2.5|8|12\n"
      "9|\\N|\\N|1|1|1|12\n");
  Families families;
  add_slow_queries(rows, {0}, families);
  const std::vector<std::pair<std::string, std::string>> labels{
      {"datname", "orders"}, {"rolname", "app"}, {"queryid", "-7"}};
  CHECK(value_of(families, "pg_slow_queries") == 12);
  CHECK(value_of(families, "pg_slow_query_calls_total", labels) == 4);
  CHECK(value_of(families, "pg_slow_query_seconds_total", labels) == 2.5);
  CHECK(value_of(families, "pg_slow_query_rows_total", labels) == 8);
  CHECK(series_of(families, "pg_slow_query_calls_total") == 1);
}

TEST_CASE("no slow statement is a count of 0", "[slow_queries]") {
  Families families;
  add_slow_queries({}, {}, families);
  CHECK(value_of(families, "pg_slow_queries") == 0);
  CHECK(families.all().size() == 1);
}

TEST_CASE("the extension's version tells its columns", "[slow_queries]") {
  const auto view = [](const char* version) {
    return statements_view(rows_of(std::string{"schema|version|sees_all\npublic|"} + version + "|t\n"));
  };
  CHECK(view("1.10").has_plan_time);
  CHECK(view("1.8").has_plan_time);
  CHECK(view("2.0").has_plan_time);
  CHECK_FALSE(view("1.7").has_plan_time);
  CHECK_FALSE(view("").has_plan_time);
  CHECK(slow_queries_sql(view("1.7"), {}, "", false).find("sum(total_time)") != std::string::npos);
  CHECK(slow_queries_sql(view("1.10"), {}, "", false).find("sum(total_exec_time)") != std::string::npos);
}

TEST_CASE("the text is read only when it is asked for", "[slow_queries]") {
  const StatementsView view{"\"My schema\"", true};
  const auto plain = slow_queries_sql(view, {}, "1,-2", false);
  CHECK(plain.find("\"My schema\".pg_stat_statements(false)") != std::string::npos);
  CHECK(plain.find("query AS") == std::string::npos);
  CHECK(plain.find("s.queryid IN (1,-2)") != std::string::npos);
  CHECK(slow_queries_sql(view, {}, "", true).find("pg_stat_statements(true)") != std::string::npos);
}

TEST_CASE("without the extension there is nothing, without rights there is an error", "[slow_queries]") {
  CHECK_THROWS_AS(statements_view(rows_of("schema|version|sees_all\n")), NotApplicable);
  CHECK_THROWS_WITH(statements_view(rows_of("schema|version|sees_all\npublic|1.10|f\n")),
                    Catch::Contains("GRANT pg_monitor"));
}
