// SPDX-License-Identifier: Apache-2.0
#include "name_cache.h"

#include <catch2/catch.hpp>
#include <string>

using binnacle::system::NameCache;

TEST_CASE("a name is decided on once", "[name_cache]") {
  NameCache cache;
  int decided = 0;
  const auto get = [&](std::string_view name, bool answer) {
    return cache.get(name, [&] {
      ++decided;
      return answer;
    });
  };
  CHECK(get("eth0", true));
  CHECK_FALSE(get("lo", false));
  CHECK(get("eth0", false));
  CHECK_FALSE(get("lo", true));
  CHECK(decided == 2);
}

TEST_CASE("names that never come back do not pile up", "[name_cache]") {
  NameCache cache;
  cache.get("eth0", [] { return true; });
  for (int i = 0; i < 10'000; ++i) cache.get("veth" + std::to_string(i), [] { return false; });
  // The cache was emptied on the way: the name is asked for again, and may answer differently.
  CHECK_FALSE(cache.get("eth0", [] { return false; }));
}
