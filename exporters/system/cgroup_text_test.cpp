// SPDX-License-Identifier: Apache-2.0
#include "cgroup_text.h"

#include <catch2/catch.hpp>

using namespace binnacle::system;

TEST_CASE("cgroup memberships of v2, v1 and both", "[cgroup]") {
  const auto v2 = parse_cgroup_memberships("0::/system.slice/a.service\n");
  REQUIRE(v2.size() == 1);
  CHECK(v2[0].is_v2());
  CHECK(v2[0].path == "/system.slice/a.service");

  const auto hybrid = parse_cgroup_memberships("3:cpu,cpuacct:/a:b\n1:name=systemd:/\n0::/../..\n");
  REQUIRE(hybrid.size() == 3);
  CHECK(hybrid[0].controllers == std::vector<std::string>{"cpu", "cpuacct"});
  CHECK(hybrid[0].path == "/a:b");
  CHECK(hybrid[1].controllers == std::vector<std::string>{"name=systemd"});
  CHECK(hybrid[2].path == "/../..");
}

TEST_CASE("a strange membership file is an error", "[cgroup]") {
  CHECK_THROWS_WITH(parse_cgroup_memberships(""), "self/cgroup: is empty");
  CHECK_THROWS_WITH(parse_cgroup_memberships("0::"), "self/cgroup: expected hierarchy:controllers:/path, got \"0::\"");
  CHECK_THROWS_WITH(parse_cgroup_memberships("x::/"),
                    "self/cgroup: expected hierarchy:controllers:/path, got \"x::/\"");
  CHECK_THROWS_WITH(parse_cgroup_memberships("0"), "self/cgroup: expected hierarchy:controllers:/path, got \"0\"");
}

TEST_CASE("only cgroup mounts are taken from mountinfo", "[cgroup]") {
  const auto mounts = parse_cgroup_mounts(
      "22 28 0:21 / /proc rw - proc proc rw\n"
      "31 21 0:26 /../.. /run/my\\040cgroups rw shared:9 master:2 - cgroup2 cgroup2 rw\n"
      "32 21 0:27 /docker/a /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].version == 2);
  CHECK(mounts[0].root == "/../..");
  CHECK(mounts[0].point == "/run/my cgroups");
  CHECK(mounts[0].controllers.empty());
  CHECK(mounts[1].version == 1);
  CHECK(mounts[1].root == "/docker/a");
  CHECK(mounts[1].controllers == std::vector<std::string>{"rw", "cpu", "cpuacct"});
}

TEST_CASE("a cut mountinfo is an error", "[cgroup]") {
  CHECK_THROWS_WITH(parse_cgroup_mounts("31 21 0:26 / /sys"),
                    "self/mountinfo: expected a mount with \" - \", got \"31 21 0:26 / /sys\"");
  CHECK_THROWS_WITH(parse_cgroup_mounts("31 21 - cgroup2 cgroup2 rw"),
                    "self/mountinfo: expected a mount's root and point, got \"31 21 - cgroup2 cgroup2 rw\"");
  CHECK(parse_cgroup_mounts("").empty());
}

TEST_CASE("a path below a root", "[cgroup]") {
  CHECK(path_below("/", "/") == "/");
  CHECK(path_below("/", "/a/b") == "/a/b");
  CHECK(path_below("/a", "/a") == "/");
  CHECK(path_below("/a", "/a/b/") == "/b");
  CHECK(path_below("/..", "/../x") == "/x");
  CHECK_FALSE(path_below("/a", "/ab"));
  CHECK_FALSE(path_below("/a", "/"));
  CHECK_FALSE(path_below("/", "/../.."));
  CHECK_FALSE(path_below("/..", "/"));
  CHECK_FALSE(path_below("/", "/a/../../b"));
}

TEST_CASE("parents of a path", "[cgroup]") {
  CHECK(parent_path("/a/b") == "/a");
  CHECK(parent_path("/a") == "/");
  CHECK(parent_path("/").empty());
  CHECK(parent_path("").empty());
  CHECK(parent_path("ab").empty());
}

TEST_CASE("key and value lines", "[cgroup]") {
  std::vector<KeyValue> pairs{{"old", 1}};
  parse_flat_keyed("anon 12\n\nfile 18446744073709551615\n", "memory.stat", pairs);
  CHECK(pairs == std::vector<KeyValue>{{"anon", 12}, {"file", 18446744073709551615U}});
  parse_flat_keyed("", "memory.stat", pairs);
  CHECK(pairs.empty());
  CHECK_THROWS_WITH(parse_flat_keyed("anon", "memory.stat", pairs),
                    "memory.stat: expected a number after the key, got \"anon\"");
  CHECK_THROWS(parse_flat_keyed("anon max", "memory.stat", pairs));
}

TEST_CASE("max is no number", "[cgroup]") {
  CHECK(parse_limit("1024\n", "pids.max") == 1024U);
  CHECK(parse_limit("0", "pids.max") == 0U);
  CHECK_FALSE(parse_limit("max\n", "pids.max"));
  CHECK_THROWS_WITH(parse_limit("", "pids.max"), "pids.max: expected a number, got \"\"");
  CHECK_THROWS(parse_limit("-1", "pids.max"));
}

TEST_CASE("v1's ways to say that there is no limit", "[cgroup]") {
  CHECK(parse_v1_limit("4294967296\n", "f") == 4294967296U);
  CHECK_FALSE(parse_v1_limit("-1\n", "f"));
  CHECK_FALSE(parse_v1_limit("9223372036854771712", "f"));  // 4 KiB pages
  CHECK_FALSE(parse_v1_limit("9223372036854710272", "f"));  // 64 KiB pages
  CHECK_FALSE(parse_v1_limit("9223372036854775807", "f"));  // before Linux 3.19
  CHECK_THROWS(parse_v1_limit("-2", "f"));
}

TEST_CASE("cpu.max in cores", "[cgroup]") {
  CHECK(parse_cpu_max("50000 100000\n", "cpu.max") == 0.5);
  CHECK_FALSE(parse_cpu_max("max 100000\n", "cpu.max"));
  CHECK_THROWS_WITH(parse_cpu_max("50000", "cpu.max"), "cpu.max: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_cpu_max("50000 0", "cpu.max"), "cpu.max: expected a period above 0, got \"0\"");
  CHECK_THROWS(parse_cpu_max("", "cpu.max"));
}

TEST_CASE("lists of CPUs are counted", "[cgroup]") {
  CHECK(count_cpus("0-3,8,10-11\n", "cpus") == 7);
  CHECK(count_cpus("5", "cpus") == 1);
  CHECK(count_cpus("\n", "cpus") == 0);
  CHECK_THROWS_WITH(count_cpus("3-1", "cpus"), "cpus: expected a list of CPUs, got \"3-1\"");
  CHECK_THROWS(count_cpus("a", "cpus"));
  CHECK_THROWS(count_cpus("0,,1", "cpus"));
  CHECK_THROWS(count_cpus("0-18446744073709551615", "cpus"));
}

TEST_CASE("io.stat of devices", "[cgroup]") {
  const auto devices = parse_io_stat(
      "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
      "7:1 7:0 8:16 rbytes=9 cost.vrate=100.00\n",
      "io.stat");
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].device == "8:0");
  CHECK(devices[0].read_bytes == 1U);
  CHECK(devices[0].written_bytes == 2U);
  CHECK(devices[0].reads == 3U);
  CHECK(devices[0].writes == 4U);
  CHECK(devices[0].discarded_bytes == 5U);
  CHECK(devices[0].discards == 6U);
  CHECK(devices[1].device == "8:16");
  CHECK(devices[1].read_bytes == 9U);
  CHECK_FALSE(devices[1].written_bytes);
  CHECK(parse_io_stat("", "io.stat").empty());
  CHECK_THROWS_WITH(parse_io_stat("rbytes=1", "io.stat"),
                    "io.stat: expected a device before its counters, got \"rbytes\"");
  CHECK_THROWS_WITH(parse_io_stat("sda rbytes=1", "io.stat"), "io.stat: expected a device as major:minor, got \"sda\"");
  CHECK_THROWS_WITH(parse_io_stat("8:0 rbytes=x", "io.stat"), "io.stat: expected a number, got \"x\"");
}

TEST_CASE("v1's blkio files are merged by device", "[cgroup]") {
  std::vector<DeviceIo> devices;
  parse_blkio("8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Discard 4\n8:0 Total 34\nTotal 34\n", "f", false, devices);
  parse_blkio("8:0 Read 1\n8:16 Write 2\nTotal 3\n", "f", true, devices);
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].read_bytes == 10U);
  CHECK(devices[0].written_bytes == 20U);
  CHECK(devices[0].discarded_bytes == 4U);
  CHECK(devices[0].reads == 1U);
  CHECK_FALSE(devices[0].writes);
  CHECK(devices[1].device == "8:16");
  CHECK(devices[1].writes == 2U);
  CHECK_THROWS(parse_blkio("8:0 Read", "f", false, devices));
  CHECK_THROWS(parse_blkio("disk Read 1", "f", false, devices));
}
