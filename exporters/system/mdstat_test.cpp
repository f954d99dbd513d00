// SPDX-License-Identifier: Apache-2.0
#include "mdstat.h"

#include <catch2/catch.hpp>

using binnacle::system::MdArray;
using binnacle::system::parse_mdstat;

namespace {

constexpr auto kFront = "Personalities : [raid1] [raid6] [raid5] [raid4] [raid0] [linear]\n";

MdArray array(const std::string& text) {
  const auto mdstat = parse_mdstat(kFront + text);
  REQUIRE(mdstat.problems == std::vector<std::string>{});
  REQUIRE(mdstat.arrays.size() == 1);
  return mdstat.arrays.front();
}

std::string problem(const std::string& text) {
  const auto mdstat = parse_mdstat(kFront + text);
  REQUIRE(mdstat.problems.size() == 1);
  CHECK(mdstat.arrays.empty());
  return mdstat.problems.front();
}

}  // namespace

TEST_CASE("mdstat shows arrays and their disks", "[mdstat]") {
  const auto mdstat = parse_mdstat(std::string{kFront} +
                                   "md0 : active raid1 sdb1[1] sda1[0]\n"
                                   "      1046528 blocks super 1.2 [2/2] [UU]\n"
                                   "      \n"
                                   "md1 : active raid6 sda2[8](F) sdb2[1] sdc2[2] sdd2[9](S)\n"
                                   "      5853468288 blocks super 1.2 level 6, 64k chunk, algorithm 2 [4/2] [_UU_]\n"
                                   "      bitmap: 0/30 pages [0KB], 65536KB chunk\n"
                                   "\n"
                                   "unused devices: <none>\n");
  CHECK(mdstat.problems.empty());
  REQUIRE(mdstat.arrays.size() == 2);
  const auto& whole = mdstat.arrays[0];
  CHECK(whole.name == "md0");
  CHECK(whole.state == "active");
  CHECK(whole.disks_active == 2);
  CHECK(whole.disks_required == 2);
  CHECK(whole.disks_failed == 0);
  CHECK(whole.blocks == 1046528);
  CHECK(whole.blocks_synced == 1046528);
  const auto& degraded = mdstat.arrays[1];
  CHECK(degraded.disks_active == 2);
  CHECK(degraded.disks_required == 4);
  CHECK(degraded.disks_failed == 1);
  CHECK(degraded.disks_spare == 1);
  CHECK(degraded.blocks_synced == 5853468288);
}

TEST_CASE("an array that syncs shows how far it is", "[mdstat]") {
  const auto syncing = [](const std::string& line) {
    return array("md0 : active raid1 sdb1[1] sda1[0]\n      1000 blocks [2/1] [U_]\n      " + line + "\n\n");
  };
  const auto recovering = syncing("[=>...]  recovery = 8.5% (85/1000) finish=17.0min speed=259783K/sec");
  CHECK(recovering.state == "recovering");
  CHECK(recovering.blocks_synced == 85);
  CHECK(syncing("[=>...]  resync = 8.5% (85/1000) finish=17.0min speed=1K/sec").state == "resyncing");
  CHECK(syncing("[=>...]  check = 8.5% (85/1000) finish=17.0min speed=1K/sec").state == "checking");
  CHECK(syncing("[=>...]  reshape = 8.5% (85/1000) finish=17.0min speed=1K/sec").state == "reshaping");
  CHECK(syncing("\tresync=DELAYED").state == "resyncing");
  CHECK(syncing("\tresync=DELAYED").blocks_synced == 0);
  CHECK(syncing("\tresync=PENDING").blocks_synced == 0);
  CHECK(syncing("\tresync=REMOTE").blocks_synced == 0);
  CHECK(syncing("recovery = (x/1000) (70/1000").blocks_synced == 70);
  CHECK(syncing("bitmap: 1/1 pages [4KB], 65536KB chunk").state == "active");
  CHECK(syncing("bitmap: 1/1 pages [4KB]\n      recovery = 1% (10/1000)").blocks_synced == 10);
}

TEST_CASE("arrays without redundancy count the disks on their first line", "[mdstat]") {
  const auto striped =
      array("md10 : active (read-only) raid0 sdb[2] sdd[1] sdc[0]\n      322560 blocks super 1.2 512k chunks\n\n");
  CHECK(striped.state == "active");
  CHECK(striped.disks_required == 3);
  CHECK(striped.disks_active == 3);
  CHECK(array("md1 : active linear sda1[1] sdb1[0]\n      20 blocks super 1.2 0k rounding\n").disks_required == 2);
}

TEST_CASE("an inactive array has no active disks", "[mdstat]") {
  const auto inactive =
      array("md127 : inactive sdb[2](S) sdc[1](S) sda[0](S)\n      7932 blocks super external:imsm\n\n");
  CHECK(inactive.state == "inactive");
  CHECK(inactive.disks_active == 0);
  CHECK(inactive.disks_required == 0);
  CHECK(inactive.disks_spare == 3);
  CHECK(inactive.blocks == 7932);
}

TEST_CASE("an array that cannot be understood is left out, and the others stay", "[mdstat]") {
  const auto mdstat = parse_mdstat(std::string{kFront} +
                                   "md0 : active raid1 sda1[0]\n      many blocks [2/2] [UU]\n\n"
                                   "md1 : active raid1 sda2[0]\n      8 blocks [2/2] [UU]\n");
  REQUIRE(mdstat.arrays.size() == 1);
  CHECK(mdstat.arrays[0].name == "md1");
  REQUIRE(mdstat.problems.size() == 1);
  CHECK(mdstat.problems[0] == "mdstat: \"md0\": blocks: expected a number, got \"many\"");

  CHECK(problem("md0 active\n") == "mdstat: \"md0\": expected an array's name and state, got \"md0 active\"");
  CHECK(problem("md0 :\n      8 blocks\n") == "mdstat: \"md0\": expected an array's name and state, got \"md0 :\"");
  CHECK(problem("md0 : active raid1 sda1[0]\n") ==
        "mdstat: \"md0\": expected a line with the number of blocks, got none");
  for (const std::string status : {"8 blocks", "8 blocks [2/2] [UX]", "8 blocks [2] [UU]", "8 blocks ] [UU]",
                                   "8 blocks [2/2] [", "8 blocks [2/2] []", "8 blocks [a/2] [UU]"}) {
    CHECK(problem("md0 : active raid1 sda1[0]\n      " + status + "\n") ==
          "mdstat: \"md0\": expected disks like [2/2] [UU], got \"" + status + "\"");
  }
}

TEST_CASE("no arrays is fine, no mdstat is not", "[mdstat]") {
  CHECK(parse_mdstat("Personalities : \nunused devices: <none>\n").arrays.empty());
  CHECK(parse_mdstat("Personalities : \n      stray\n\n").arrays.empty());
  CHECK_THROWS_WITH(parse_mdstat(""), "mdstat: expected \"Personalities :\" at its front, got \"\"");
  CHECK_THROWS_WITH(parse_mdstat("md0 : active"),
                    "mdstat: expected \"Personalities :\" at its front, got \"md0 : active\"");
}
