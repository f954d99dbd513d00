// SPDX-License-Identifier: Apache-2.0
#include "loadavg.h"

#include <catch2/catch.hpp>

using binnacle::system::parse_loadavg;

TEST_CASE("loadavg has three numbers at its front", "[loadavg]") {
  const auto load = parse_loadavg("0.21 0.37 0.39 1/719 19737\n");
  CHECK(load.one == 0.21);
  CHECK(load.five == 0.37);
  CHECK(load.fifteen == 0.39);
}

TEST_CASE("a cut or strange loadavg is an error that says what was there", "[loadavg]") {
  CHECK_THROWS_WITH(parse_loadavg(""), "loadavg: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_loadavg("0.21 0.37"), "loadavg: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_loadavg("a b c"), "loadavg: expected a number, got \"a\"");
}
