// SPDX-License-Identifier: Apache-2.0
#include "append_within.h"

#include <catch2/catch.hpp>

using namespace binnacle::breaker;

TEST_CASE("a text grows up to its limit, and so does its memory") {
  std::string text;
  const std::string part(1'000, 'x');
  std::size_t moves = 0;
  for (int i = 0; i < 100; ++i) {
    const auto before = text.capacity();
    REQUIRE(append_within(text, part, 100'000));
    moves += text.capacity() != before ? 1 : 0;
    CHECK(text.capacity() <= 100'000);
  }
  CHECK(moves < 10);
  CHECK_FALSE(append_within(text, "x", 100'000));
  CHECK(text.size() == 100'000);
  CHECK(append_within(text, "", 100'000));
  CHECK_FALSE(append_within(text, "", 99'999));
}
