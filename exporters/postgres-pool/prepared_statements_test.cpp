// SPDX-License-Identifier: Apache-2.0
#include "prepared_statements.h"

#include <catch2/catch.hpp>

using binnacle::pgpool::PreparedStatements;

TEST_CASE("a statement is prepared when it comes a second time, and executed from then on", "[prepared]") {
  PreparedStatements statements;
  CHECK(statements.text_of("SELECT 1") == "SELECT 1");
  CHECK(statements.text_of("WITH a AS (SELECT 2) TABLE a") == "WITH a AS (SELECT 2) TABLE a");
  CHECK(statements.text_of("SELECT 1") == "PREPARE binnacle_1 AS SELECT 1;EXECUTE binnacle_1");
  CHECK(statements.text_of("SELECT 1") == "EXECUTE binnacle_1");
  CHECK(statements.text_of("WITH a AS (SELECT 2) TABLE a") ==
        "PREPARE binnacle_2 AS WITH a AS (SELECT 2) TABLE a;EXECUTE binnacle_2");
  CHECK(statements.text_of("SELECT 1") == "EXECUTE binnacle_1");
}

TEST_CASE("what is no single query is sent as it is", "[prepared]") {
  PreparedStatements statements;
  for (const auto* const sql : {"SHOW work_mem", "SELECT 1; SELECT 2", "SET a = 1;SELECT 1", ""}) {
    for (int i = 0; i < 3; ++i) CHECK(statements.text_of(sql) == sql);
  }
}

TEST_CASE("a statement that failed while it was prepared gets another name", "[prepared]") {
  PreparedStatements statements;
  statements.text_of("SELECT 1");
  statements.text_of("SELECT 1");
  CHECK_FALSE(statements.failed("SELECT 1", "55P03"));
  CHECK(statements.text_of("SELECT 1") == "PREPARE binnacle_2 AS SELECT 1;EXECUTE binnacle_2");
  CHECK(statements.text_of("SELECT 1") == "EXECUTE binnacle_2");
}

TEST_CASE("a prepared statement outlives its failures, but for those of being prepared", "[prepared]") {
  PreparedStatements statements;
  for (int i = 0; i < 3; ++i) statements.text_of("SELECT 1");
  CHECK_FALSE(statements.failed("SELECT 1", "55P03"));
  CHECK(statements.text_of("SELECT 1") == "EXECUTE binnacle_1");
  CHECK(statements.failed("SELECT 1", "0A000"));
  CHECK(statements.text_of("SELECT 1") == "PREPARE binnacle_2 AS SELECT 1;EXECUTE binnacle_2");
  statements.text_of("SELECT 1");
  CHECK(statements.failed("SELECT 1", "26000"));
  CHECK_FALSE(statements.failed("SELECT 2", "26000"));
}

TEST_CASE("the server never keeps more than so many, whatever comes", "[prepared]") {
  PreparedStatements statements;
  for (int i = 0; i < 1000; ++i) {
    const auto sql = "SELECT " + std::to_string(i);
    statements.text_of(sql);
    if (i >= PreparedStatements::kMost) {
      CHECK(statements.text_of(sql) == sql);
    } else {
      CHECK(statements.text_of(sql).starts_with("PREPARE"));
    }
  }
  CHECK(statements.text_of("SELECT 0") == "EXECUTE binnacle_1");
}
