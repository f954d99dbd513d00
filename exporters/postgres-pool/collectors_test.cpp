// SPDX-License-Identifier: Apache-2.0
#include "collectors.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace binnacle::pgpool;

TEST_CASE("collectors have names of their own, whatever the kind of server", "[collectors]") {
  std::set<std::string> names;
  for (const auto& kind : all_collectors()) CHECK(names.insert(kind.name).second);
  // Both tables have `checkout` and `custom_queries`.
  CHECK(names.size() + 2 == collectors_of(Kind::postgres).size() + collectors_of(Kind::pgbouncer).size());
}

TEST_CASE("of those that ask a server, the collector that decides whether it is up runs first", "[collectors]") {
  for (const auto kind : {Kind::postgres, Kind::pgbouncer}) {
    CHECK(std::string{collectors_of(kind)[0].name} == "checkout");
    CHECK(std::string{collectors_of(kind)[1].name} == up_collector(kind));
    CHECK(collectors_of(kind)[1].enabled_by_default);
  }
}
