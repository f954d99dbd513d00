// SPDX-License-Identifier: Apache-2.0
#include "field_cache.h"

#include <catch2/catch.hpp>

using binnacle::system::FieldCache;
using binnacle::system::KnownField;

TEST_CASE("a field is decided on once, and again when another stands in its place", "[field_cache]") {
  FieldCache cache;
  int decided = 0;
  const auto decide = [&](std::string_view key) {
    ++decided;
    return KnownField{std::string{key}, key.starts_with("a"), "metric_" + std::string{key}, ""};
  };

  CHECK(cache.at(0, "abc", decide).wanted);
  CHECK_FALSE(cache.at(1, "xyz", decide).wanted);
  CHECK(cache.at(0, "abc", decide).metric == "metric_abc");
  CHECK(cache.at(1, "xyz", decide).metric == "metric_xyz");
  CHECK(decided == 2);

  // A kernel module came, and its field pushed the others down.
  CHECK_FALSE(cache.at(0, "new", decide).wanted);
  CHECK(cache.at(1, "abc", decide).wanted);
  CHECK_FALSE(cache.at(2, "xyz", decide).wanted);
  CHECK(decided == 5);
}
