// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

TEST_CASE("the uname collector says what uname(2) says", "[uname]") {
  utsname name{};
  REQUIRE(::uname(&name) == 0);
  const auto out = binnacle::system::collect_once(*binnacle::system::make_uname({}));
  CHECK(binnacle::value_of(out, "node_uname_info",
                           {{"domainname", name.domainname},
                            {"machine", name.machine},
                            {"nodename", name.nodename},
                            {"release", name.release},
                            {"sysname", name.sysname},
                            {"version", name.version}}) == 1.0);
}
