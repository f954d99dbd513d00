// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using binnacle::NotApplicable;
using binnacle::Output;
using namespace binnacle::system;

namespace {

constexpr auto kMdstat =
    "Personalities : [raid1]\n"
    "md0 : active raid1 sdb1[1] sda1[0]\n"
    "      1000 blocks super 1.2 [2/2] [UU]\n"
    "\n"
    "md1 : active raid1 sdb2[1](F) sda2[0]\n"
    "      2000 blocks super 1.2 [2/1] [U_]\n"
    "      [=>...]  recovery = 5.0% (100/2000) finish=1.0min speed=100K/sec\n"
    "\n"
    "unused devices: <none>\n";

std::optional<double> degraded(const Output& out, const std::string& array) {
  for (const auto& fact : out.facts) {
    if (fact.name == "raid_degraded" && fact.component == array) return fact.value;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("RAID arrays show their state and disks", "[mdadm]") {
  const TestTree tree;
  tree.write("proc/mdstat", kMdstat);
  const auto out = collect_once(*make_mdadm(tree.paths));
  CHECK(value_of(out, "node_md_state", {{"device", "md0"}, {"state", "active"}}) == 1);
  CHECK(value_of(out, "node_md_state", {{"device", "md0"}, {"state", "recovering"}}) == 0);
  CHECK(value_of(out, "node_md_state", {{"device", "md1"}, {"state", "recovering"}}) == 1);
  CHECK(series_of(out, "node_md_state") == 10);
  CHECK(value_of(out, "node_md_disks", {{"device", "md1"}, {"state", "active"}}) == 1);
  CHECK(value_of(out, "node_md_disks", {{"device", "md1"}, {"state", "failed"}}) == 1);
  CHECK(value_of(out, "node_md_disks", {{"device", "md1"}, {"state", "spare"}}) == 0);
  CHECK(value_of(out, "node_md_disks_required", {{"device", "md1"}}) == 2);
  CHECK(value_of(out, "node_md_blocks", {{"device", "md1"}}) == 2000);
  CHECK(value_of(out, "node_md_blocks_synced", {{"device", "md1"}}) == 100);
  CHECK(series_of(out, "node_md_raid_disks") == 0);
  CHECK(degraded(out, "md0") == 0);
  CHECK(degraded(out, "md1") == 1);
}

TEST_CASE("sysfs adds the numbers of disks", "[mdadm]") {
  const TestTree tree;
  tree.write("proc/mdstat", kMdstat);
  const auto array = [&](const std::string& name, const std::string& level, const std::string& disks,
                         const std::string& missing) {
    tree.write("sys/block/" + name + "/md/level", level + "\n");
    if (!disks.empty()) tree.write("sys/block/" + name + "/md/raid_disks", disks + "\n");
    if (!missing.empty()) tree.write("sys/block/" + name + "/md/degraded", missing + "\n");
  };
  array("md0", "raid1", "2", "1");
  array("md2", "raid5", "11 (10)", "0");
  array("md3", "raid0", "4", "");
  array("md4", "container", "7", "");
  array("md5", "raid1", "", "");
  array("md6", "raid6", "x", "y");
  array("sda", "raid1", "2", "0");
  tree.make_folder("sys/block/md7");
  const auto out = collect_once(*make_mdadm(tree.paths));
  CHECK(value_of(out, "node_md_raid_disks", {{"device", "md0"}}) == 2);
  CHECK(value_of(out, "node_md_raid_disks", {{"device", "md2"}}) == 11);
  CHECK(value_of(out, "node_md_raid_disks", {{"device", "md3"}}) == 4);
  CHECK(series_of(out, "node_md_raid_disks") == 3);
  CHECK(value_of(out, "node_md_degraded", {{"device", "md0"}}) == 1);
  CHECK(value_of(out, "node_md_degraded", {{"device", "md2"}}) == 0);
  CHECK(value_of(out, "node_md_degraded", {{"device", "md3"}}) == 0);
  CHECK(value_of(out, "node_md_degraded", {{"device", "md4"}}) == 0);
  CHECK(series_of(out, "node_md_degraded") == 4);
  CHECK(degraded(out, "md0") == 1);
  CHECK(degraded(out, "md2") == 0);
}

TEST_CASE("a host without RAID has nothing to collect", "[mdadm]") {
  const TestTree tree;
  CHECK_THROWS_AS(collect_once(*make_mdadm(tree.paths)), NotApplicable);
  tree.write("proc/mdstat", "");
  CHECK_THROWS_WITH(collect_once(*make_mdadm(tree.paths)), Catch::StartsWith("mdstat: expected"));
}
