// SPDX-License-Identifier: Apache-2.0
#include "strip_literals.h"

#include <catch2/catch.hpp>

using binnacle::pgpool::strip_literals;

TEST_CASE("literals become question marks", "[strip_literals]") {
  CHECK(strip_literals("SELECT 'secret', 42, 4.2e-7, .5, 0x1F, 1_000 FROM t2") == "SELECT ?, ?, ?, ?, ?, ? FROM t2");
  CHECK(strip_literals("SELECT 'it''s one', E'it\\'s one', 'back\\', n'x'") == "SELECT ?, E?, ?, n?");
  CHECK(strip_literals("SELECT $$se'cret$$, $tag$se$$cret$tag$, X'1F', U&'x'") == "SELECT ?, ?, X?, U&?");
  CHECK(strip_literals("ALTER ROLE app PASSWORD 'secret'") == "ALTER ROLE app PASSWORD ?");
  CHECK(strip_literals("SELECT 1-2, a-1, 1e5-3") == "SELECT ?-?, a-?, ?-?");
}

TEST_CASE("names and parameters stay", "[strip_literals]") {
  CHECK(strip_literals(R"(SELECT $1, a$2b, "it's 1" FROM "odd ""name""")") ==
        R"(SELECT $1, a$2b, "it's 1" FROM "odd ""name""")");
  CHECK(strip_literals("SELECT größe1 FROM t") == "SELECT größe1 FROM t");
  CHECK(strip_literals("SELECT a::int4, b[1]") == "SELECT a::int4, b[?]");
}

TEST_CASE("comments and white space go", "[strip_literals]") {
  CHECK(strip_literals("  SELECT\n\t1 -- user=7\n, 2 /* trace /* 'x */ */ , 3;  ") == "SELECT ? , ? , ?;");
  CHECK(strip_literals("/* all */") == "");
  CHECK(strip_literals("") == "");
}

TEST_CASE("what is not ended shows nothing", "[strip_literals]") {
  CHECK(strip_literals("SELECT 'secret") == "SELECT ?");
  CHECK(strip_literals("SELECT E'secret\\") == "SELECT E?");
  CHECK(strip_literals("SELECT $a$secret$b$") == "SELECT ?");
  CHECK(strip_literals("SELECT /* secret") == "SELECT");
  CHECK(strip_literals("SELECT -- secret") == "SELECT");
  CHECK(strip_literals("SELECT \"open") == "SELECT \"open");
  CHECK(strip_literals("SELECT $") == "SELECT $");
  CHECK(strip_literals("SELECT $a") == "SELECT $a");
}
