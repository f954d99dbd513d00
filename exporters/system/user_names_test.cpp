// SPDX-License-Identifier: Apache-2.0
#include "user_names.h"

#include <catch2/catch.hpp>

#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("passwd lines", "[processes]") {
  const auto names =
      parse_passwd("root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n\nbad\n:x:5:\nx:y:z:\nweb:x:33");
  CHECK(names.size() == 2);
  CHECK(names.at(0) == "root");
  CHECK(names.at(33) == "web");
}

TEST_CASE("users without a name have their number", "[processes]") {
  TestTree tree;
  UserNames names{tree.paths.root("etc/passwd")};
  CHECK(names.name(33) == "33");
  tree.write("root/etc/passwd", "web:x:33:33::/:/bin/sh\n");
  CHECK(names.name(33) == "33");  // not read again in the same scrape
  names.refresh();
  CHECK(names.name(33) == "web");
  CHECK(names.name(34) == "34");
}
