// SPDX-License-Identifier: Apache-2.0
#include "cpu.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace binnacle::system;
using binnacle::Flags;

namespace {

constexpr auto kStat =
    "cpu  300 30 90 9000 12 3 6 1 20 2\n"
    "cpu0 100 10 30 4000 4 1 2 0 15 1\n"
    "cpu2 200 20 60 5000 8 2 4 1 5 1\n"
    "intr 12 0 3\n"
    "ctxt 7\n";

CpuTimes times(std::uint64_t cpu, std::uint64_t user, std::uint64_t idle, std::uint64_t iowait) {
  CpuTimes made;
  made.cpu = cpu;
  made.ticks = {user, 0, 0, idle, iowait, 0, 0, 0, 0, 0};
  return made;
}

std::unique_ptr<binnacle::Collector> make(const TestTree& tree, std::vector<const char*> arguments = {}) {
  auto collector = make_cpu(tree.paths);
  Flags flags{"system-exporter", "", "0"};
  collector->add_flags(flags);
  arguments.insert(arguments.begin(), "system-exporter");
  flags.parse(static_cast<int>(arguments.size()), arguments.data());
  collector->start();
  return collector;
}

}  // namespace

TEST_CASE("the times of each CPU are read from stat", "[cpu]") {
  const auto cpus = parse_cpu_times(kStat);
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].cpu == 0);
  CHECK(cpus[0][CpuMode::user] == 100);
  CHECK(cpus[1].cpu == 2);
  CHECK(cpus[1].ticks == std::array<std::uint64_t, kCpuModes>{200, 20, 60, 5000, 8, 2, 4, 1, 5, 1});
}

TEST_CASE("modes that an old kernel does not know are 0", "[cpu]") {
  const auto cpus = parse_cpu_times("cpu 1 2 3 4\ncpu0 1 2 3 4\n");
  REQUIRE(cpus.size() == 1);
  CHECK(cpus[0][CpuMode::idle] == 4);
  CHECK(cpus[0][CpuMode::iowait] == 0);
  CHECK(cpus[0][CpuMode::guest_nice] == 0);
}

TEST_CASE("a stat without CPUs, or with a cut one, is an error", "[cpu]") {
  CHECK_THROWS_WITH(parse_cpu_times(""), "stat: no line of a CPU");
  CHECK_THROWS_WITH(parse_cpu_times("intr 1\nctxt 2\n"), "stat: no line of a CPU");
  CHECK_THROWS_WITH(parse_cpu_times("cpu0 1 2 3\n"), "stat: cpu times: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_cpu_times("cpu0 1 2 3 4 x\n"), "stat: cpu times: expected a number, got \"x\"");
  CHECK_THROWS_WITH(parse_cpu_times("cpu0 1 2 3 -4\n"), "stat: cpu times: expected a number, got \"-4\"");
  CHECK_THROWS_WITH(parse_cpu_times("cpuA 1 2 3 4\n"), "stat: cpu: expected a number, got \"A\"");
}

TEST_CASE("a counter that steps back is held", "[cpu]") {
  const auto held = without_steps_back({times(0, 50, 1000, 20)}, {times(0, 55, 998, 19)});
  REQUIRE(held.size() == 1);
  CHECK(held[0][CpuMode::user] == 55);
  CHECK(held[0][CpuMode::idle] == 1000);
  CHECK(held[0][CpuMode::iowait] == 20);
}

TEST_CASE("a CPU whose idle time fell by three seconds starts anew", "[cpu]") {
  CHECK(without_steps_back({times(0, 50, 1000, 20)}, {times(0, 5, 701, 2)})[0][CpuMode::idle] == 1000);
  const auto anew = without_steps_back({times(0, 50, 1000, 20)}, {times(0, 5, 700, 2)});
  CHECK(anew[0][CpuMode::idle] == 700);
  CHECK(anew[0][CpuMode::user] == 5);
  CHECK(anew[0][CpuMode::iowait] == 2);
}

TEST_CASE("CPUs are told apart by their numbers when some come or go", "[cpu]") {
  const auto held = without_steps_back({times(0, 10, 100, 0), times(1, 20, 200, 0), times(2, 30, 300, 0)},
                                       {times(0, 11, 101, 0), times(2, 29, 301, 0), times(3, 1, 1, 0)});
  REQUIRE(held.size() == 3);
  CHECK(held[1].cpu == 2);
  CHECK(held[1][CpuMode::user] == 30);
  CHECK(held[2][CpuMode::user] == 1);
}

TEST_CASE("the cpu collector reports seconds, and holds what steps back between scrapes", "[cpu]") {
  const TestTree tree;
  tree.write("proc/stat", kStat);
  const auto collector = make(tree);
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_cpu_seconds_total", {{"cpu", "0"}, {"mode", "idle"}}) == 40.0);
  CHECK(value_of(out, "node_cpu_seconds_total", {{"cpu", "2"}, {"mode", "user"}}) == 2.0);
  CHECK(series_of(out, "node_cpu_seconds_total") == 16);
  CHECK(value_of(out, "node_cpu_guest_seconds_total", {{"cpu", "0"}, {"mode", "user"}}) == 0.15);
  CHECK(value_of(out, "node_cpu_guest_seconds_total", {{"cpu", "2"}, {"mode", "nice"}}) == 0.01);
  CHECK(find_family(out, "node_cpu_info") == nullptr);
  CHECK(find_family(out, "node_cpu_online") == nullptr);

  tree.write("proc/stat", "cpu0 101 10 30 3999 4 1 2 0 15 1\n");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_cpu_seconds_total", {{"cpu", "0"}, {"mode", "idle"}}) == 40.0);
  CHECK(value_of(out, "node_cpu_seconds_total", {{"cpu", "0"}, {"mode", "user"}}) == 1.01);
  CHECK(series_of(out, "node_cpu_seconds_total") == 8);
}

TEST_CASE("guest times can be left out", "[cpu]") {
  const TestTree tree;
  tree.write("proc/stat", kStat);
  CHECK(find_family(collect_once(*make(tree, {"--no-collector.cpu.guest"})), "node_cpu_guest_seconds_total") ==
        nullptr);
}

TEST_CASE("a pattern for flags or bugs turns the CPU information on", "[cpu]") {
  const TestTree tree;
  tree.write("proc/stat", kStat);
  tree.write(
      "proc/cpuinfo",
      "processor\t: 0\nvendor_id\t: Maker\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Fast One\nstepping\t: 7\n"
      "microcode\t: 0x1\ncpu MHz\t\t: 2500.5\ncache size\t: 33 KB\nphysical id\t: 1\ncore id\t\t: 4\n"
      "flags\t\t: fpu aes avx\nbugs\t\t: mds\n\n");
  const auto collector = make(tree, {"--collector.cpu.info.flags-include=^a", "--collector.cpu.info.bugs-include=x"});
  for (int scrape = 0; scrape < 2; ++scrape) {
    const auto out = collect_once(*collector);
    CHECK(value_of(out, "node_cpu_info",
                   {{"cachesize", "33 KB"},
                    {"core", "4"},
                    {"cpu", "0"},
                    {"family", "6"},
                    {"microcode", "0x1"},
                    {"model", "85"},
                    {"model_name", "Fast One"},
                    {"package", "1"},
                    {"stepping", "7"},
                    {"vendor", "Maker"}}) == 1.0);
    CHECK(value_of(out, "node_cpu_frequency_hertz", {{"core", "4"}, {"cpu", "0"}, {"package", "1"}}) ==
          2'500'500'000.0);
    CHECK(series_of(out, "node_cpu_flag_info") == 2);
    CHECK(value_of(out, "node_cpu_flag_info", {{"flag", "avx"}}) == 1.0);
    CHECK(series_of(out, "node_cpu_bug_info") == 0);
  }
}

TEST_CASE("a bad pattern for CPU flags is an error at the start", "[cpu]") {
  const TestTree tree;
  CHECK_THROWS_WITH(make(tree, {"--collector.cpu.info.flags-include=("}),
                    Catch::StartsWith("--collector.cpu.info.flags-include: bad regular expression"));
}

TEST_CASE("throttles, isolated and offline CPUs come from sysfs, and follow a CPU that goes offline", "[cpu]") {
  const TestTree tree;
  const std::string cpus = "sys/devices/system/cpu/";
  tree.write("proc/stat", kStat);
  tree.write(cpus + "online", "0-2\n");
  tree.write(cpus + "isolated", "1\n");
  for (int i = 0; i < 3; ++i) {
    const auto cpu = cpus + "cpu" + std::to_string(i) + '/';
    tree.write(cpu + "online", "1\n");
    tree.write(cpu + "topology/physical_package_id", "0\n");
    tree.write(cpu + "topology/core_id", i == 2 ? "1\n" : "0\n");
    tree.write(cpu + "thermal_throttle/core_throttle_count", std::to_string(10 + i) + '\n');
    tree.write(cpu + "thermal_throttle/package_throttle_count", "77\n");
  }
  const auto collector = make(tree);
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_cpu_core_throttles_total", {{"core", "0"}, {"package", "0"}}) == 10.0);
  CHECK(value_of(out, "node_cpu_core_throttles_total", {{"core", "1"}, {"package", "0"}}) == 12.0);
  CHECK(value_of(out, "node_cpu_package_throttles_total", {{"package", "0"}}) == 77.0);
  CHECK(series_of(out, "node_cpu_package_throttles_total") == 1);
  CHECK(value_of(out, "node_cpu_isolated", {{"cpu", "1"}}) == 1.0);
  CHECK(series_of(out, "node_cpu_isolated") == 1);
  CHECK(value_of(out, "node_cpu_online", {{"cpu", "2"}}) == 1.0);

  tree.write(cpus + "cpu0/thermal_throttle/core_throttle_count", "11\n");
  tree.write(cpus + "online", "0-1\n");
  tree.remove(cpus + "cpu2/topology");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_cpu_core_throttles_total", {{"core", "0"}, {"package", "0"}}) == 11.0);
  CHECK(series_of(out, "node_cpu_core_throttles_total") == 1);
  CHECK(value_of(out, "node_cpu_online", {{"cpu", "2"}}) == 0.0);
}

TEST_CASE("a list of isolated CPUs that is not understood is left out", "[cpu]") {
  const TestTree tree;
  tree.write("proc/stat", kStat);
  tree.write("sys/devices/system/cpu/isolated", "one\n");
  const auto out = collect_once(*make(tree));
  CHECK(find_family(out, "node_cpu_isolated") == nullptr);
  CHECK(series_of(out, "node_cpu_seconds_total") == 16);
}
