// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle::pgpool;

TEST_CASE("cells are found by their column's name, as text, number or truth", "[rows]") {
  const auto rows = rows_of("name|count|on|off\norders|12.5|t|0\n\\N|\\N|f|1\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].text("name") == "orders");
  CHECK(rows[0].number("count") == 12.5);
  CHECK(rows[0].flag("on") == true);
  CHECK(rows[0].flag("off") == false);
  CHECK(rows[1].flag("on") == false);
  CHECK(rows[1].flag("off") == true);
  CHECK(rows.column("on") == 2U);
}

TEST_CASE("NULL, an absent column and text that is no number are nothing, never 0", "[rows]") {
  const auto rows = rows_of("name|count\norders|12 kB\n\\N|\\N\n");
  CHECK_FALSE(rows[0].number("count"));
  CHECK_FALSE(rows[0].number("name"));
  CHECK_FALSE(rows[0].flag("name"));
  CHECK_FALSE(rows[1].text("name"));
  CHECK_FALSE(rows[1].number("count"));
  CHECK_FALSE(rows[0].text("bytes"));
  CHECK_FALSE(rows[0].number("bytes"));
  CHECK_FALSE(rows.column("bytes"));
}

TEST_CASE("rows can be walked, and a row of another width is refused", "[rows]") {
  Rows rows{{"a", "b"}};
  CHECK(rows.empty());
  rows.add({"1", "2"});
  rows.add({"3", std::nullopt});
  double sum = 0;
  for (const auto row : rows) sum += row.number("a").value_or(0) + row.number("b").value_or(0);
  CHECK(sum == 6);
  CHECK_THROWS_AS(rows.add({"1"}), std::logic_error);
}

TEST_CASE("cells added one by one make rows, in copies as well", "[rows]") {
  Rows rows{{"a", "b"}};
  for (const auto* const text : {"1", "", "a longer text than a string keeps in itself", "4"}) rows.add_cell(text);
  const Rows copy = rows;
  rows = Rows{};
  CHECK(rows.empty());
  REQUIRE(copy.size() == 2);
  CHECK(copy[0].text("b") == "");
  CHECK(copy[1].text("a") == "a longer text than a string keeps in itself");
  CHECK(copy[1].number("b") == 4);
}
