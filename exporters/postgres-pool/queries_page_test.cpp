// SPDX-License-Identifier: Apache-2.0
#include "queries_page.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "test_rows.h"

using namespace binnacle::pgpool;

TEST_CASE("the page shows statements without their literals", "[queries_page]") {
  const auto json = nlohmann::json::parse(queries_json(
      {{"orders", rows_of("queryid|datname|rolname|calls|seconds|rows|query\n-7|orders|app|4|10|8|SELECT 'secret'\n"),
        ""},
       {"down", {}, "connection refused"}}));
  REQUIRE(json.size() == 2);
  const auto& query = json[0]["queries"][0];
  CHECK(query["queryid"] == "-7");
  CHECK(query["rolname"] == "app");
  CHECK(query["mean_seconds"] == 2.5);
  CHECK(query["query"] == "SELECT ?");
  CHECK(json[1]["target"] == "down");
  CHECK(json[1]["error"] == "connection refused");
  CHECK_FALSE(json[1].contains("queries"));
}

TEST_CASE("bytes that are no UTF-8 do not end the page", "[queries_page]") {
  const auto text = queries_json({{"", rows_of("queryid|query\n1|SELECT \xff\n"), ""}});
  CHECK(nlohmann::json::parse(text)[0]["queries"][0]["query"] == "SELECT \uFFFD");
}
