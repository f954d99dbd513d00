// SPDX-License-Identifier: Apache-2.0
#include "cpu_topology.h"

#include <catch2/catch.hpp>

#include "test_tree.h"

using namespace binnacle::system;
using List = std::vector<std::uint32_t>;

TEST_CASE("lists of CPUs are numbers and ranges", "[cpu_topology]") {
  CHECK(parse_cpu_list("").empty());
  CHECK(parse_cpu_list("\n").empty());
  CHECK(parse_cpu_list("0\n") == List{0});
  CHECK(parse_cpu_list("0-3\n") == List{0, 1, 2, 3});
  CHECK(parse_cpu_list("1,3-4,9") == List{1, 3, 4, 9});
}

TEST_CASE("a list of CPUs of another form is an error", "[cpu_topology]") {
  CHECK_THROWS_WITH(parse_cpu_list("a"), "list of CPUs: expected a number, got \"a\"");
  CHECK_THROWS_WITH(parse_cpu_list("1,,2"), "list of CPUs: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_cpu_list("1-2-3"), "list of CPUs: expected a number, got \"2-3\"");
  CHECK_THROWS_WITH(parse_cpu_list("4-2"), "list of CPUs: a range ends before it starts");
  CHECK_THROWS_WITH(parse_cpu_list("0-4294967295"), "list of CPUs: no CPU can have the number \"4294967295\"");
}

TEST_CASE("a machine without sysfs has an empty topology", "[cpu_topology]") {
  const TestTree tree;
  const auto topology = read_cpu_topology(tree.paths);
  CHECK(topology.cpus.empty());
  CHECK_FALSE(topology.hotplug);
  CHECK(topology.core_throttles.empty());
}

TEST_CASE("throttle counters are taken once a core and once a package", "[cpu_topology]") {
  const TestTree tree;
  const std::string cpus = "sys/devices/system/cpu/";
  tree.make_folder(cpus + "cpufreq");
  tree.make_folder(cpus + "cpuidle");
  // Two threads of core 0, of which the first has no counters; a core in another package; a CPU without topology.
  const std::vector<std::pair<std::string, std::string>> ids{{"0", "0"}, {"0", "0"}, {"1", "0"}};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto cpu = cpus + "cpu" + std::to_string(i) + '/';
    tree.write(cpu + "topology/physical_package_id", ids[i].first + '\n');
    tree.write(cpu + "topology/core_id", ids[i].second + '\n');
    if (i == 0) continue;
    tree.write(cpu + "thermal_throttle/core_throttle_count", "1\n");
    tree.write(cpu + "thermal_throttle/package_throttle_count", "2\n");
  }
  tree.write(cpus + "cpu3/topology/physical_package_id", "-1\n");
  tree.write(cpus + "cpu3/topology/core_id", "0\n");
  tree.write(cpus + "cpu3/thermal_throttle/core_throttle_count", "1\n");

  const auto topology = read_cpu_topology(tree.paths);
  CHECK(topology.cpus == List{0, 1, 2, 3});
  CHECK_FALSE(topology.hotplug);
  REQUIRE(topology.core_throttles.size() == 2);
  CHECK(topology.core_throttles[0].package == "0");
  CHECK(topology.core_throttles[0].core == "0");
  CHECK_THAT(topology.core_throttles[0].path, Catch::EndsWith("cpu1/thermal_throttle/core_throttle_count"));
  CHECK(topology.core_throttles[1].package == "1");
  REQUIRE(topology.package_throttles.size() == 2);
  CHECK(topology.package_throttles[0].core.empty());
}
