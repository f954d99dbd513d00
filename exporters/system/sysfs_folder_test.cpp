// SPDX-License-Identifier: Apache-2.0
#include "sysfs_folder.h"

#include <catch2/catch.hpp>

#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("attributes of a device are read from its folder", "[sysfs_folder]") {
  const TestTree tree;
  tree.write("sys/class/net/eth0/mtu", "1500\n");
  tree.write("sys/class/net/eth0/ifalias", "");
  tree.make_folder("sys/class/net/eth0/queues");
  SysfsFolder folder{tree.paths.sys("class/net/eth0")};
  REQUIRE(folder.is_open());
  CHECK(folder.read("mtu") == std::string_view{"1500"});
  CHECK(folder.read("ifalias") == std::string_view{});
  CHECK_FALSE(folder.read("speed"));
  CHECK_FALSE(folder.read("queues"));
  CHECK(folder.read("mtu") == std::string_view{"1500"});
}

TEST_CASE("what is no folder is not open, and has no attributes", "[sysfs_folder]") {
  const TestTree tree;
  tree.write("sys/class/net/bonding_masters", "bond0\n");
  SysfsFolder file{tree.paths.sys("class/net/bonding_masters")};
  CHECK_FALSE(file.is_open());
  CHECK_FALSE(file.read("mtu"));
  CHECK_FALSE(SysfsFolder{tree.paths.sys("class/net/gone")}.is_open());
}
