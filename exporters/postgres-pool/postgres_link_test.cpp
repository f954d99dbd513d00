// SPDX-License-Identifier: Apache-2.0
#include "postgres_link.h"

#include <catch2/catch.hpp>

using namespace binnacle::pgpool;
using namespace std::chrono_literals;

TEST_CASE("a statement's timeout never exceeds the time left, and falls short of it by an eighth at most", "[link]") {
  for (auto left = 1ms; left < 20s; left += left / 50 + 1ms) {
    const auto timeout = statement_timeout_for(left);
    CHECK(timeout <= left);
    CHECK(timeout >= 1ms);
    CHECK(left - timeout <= left / 8);
  }
  CHECK(statement_timeout_for(0ms) == 1ms);
  CHECK(statement_timeout_for(-5s) == 1ms);
}

TEST_CASE("scrapes with much the same time left have the same timeout", "[link]") {
  CHECK(statement_timeout_for(9499ms) == statement_timeout_for(9300ms));
  CHECK(statement_timeout_for(9499ms) == 9216ms);
}

TEST_CASE("a session's timeout changes when less time is left, or by far more", "[link]") {
  CHECK(must_change_timeout(4096ms, 4095ms));
  CHECK_FALSE(must_change_timeout(4096ms, 4096ms));
  CHECK_FALSE(must_change_timeout(4096ms, 8191ms));
  CHECK(must_change_timeout(4096ms, 8192ms));
}
