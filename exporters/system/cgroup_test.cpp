// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_fixtures.h"
#include "test_tree.h"

using namespace binnacle;
using namespace binnacle::system;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

const std::string kExporter = "/system.slice/system-exporter.service";

Output collect(const Paths& paths, const std::vector<const char*>& arguments = {}) {
  const auto collector = make_cgroup(paths);
  Flags flags{"test", "", ""};
  collector->add_flags(flags);
  std::vector<const char*> argv{"test"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  flags.parse(static_cast<int>(argv.size()), argv.data());
  collector->start();
  return collect_once(*collector);
}

std::optional<double> at(const Output& out, const std::string& name, const std::string& cgroup, Labels more = {}) {
  more.insert(more.begin(), {"cgroup", cgroup});
  return value_of(out, "node_cgroup_" + name, more);
}

/// A v2 tree with one cgroup, /app, in which the exporter runs.
void write_v2(const TestTree& tree) {
  tree.write("proc/self/cgroup", "0::/app\n");
  tree.write("proc/self/mountinfo", "31 21 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  tree.make_folder("sys/fs/cgroup/app");
}

}  // namespace

TEST_CASE("v2: the exporter's cgroup and its ancestors", "[cgroup]") {
  const auto out = collect(fixture_paths());
  CHECK(series_of(out, "node_cgroup_info") == 3);
  CHECK(at(out, "info", "/", {{"version", "2"}, {"self", "false"}}) == 1);
  CHECK(at(out, "info", "/system.slice", {{"version", "2"}, {"self", "false"}}) == 1);
  CHECK(at(out, "info", kExporter, {{"version", "2"}, {"self", "true"}}) == 1);

  CHECK(at(out, "cpu_usage_seconds_total", kExporter) == 279.576424);
  CHECK(at(out, "cpu_user_seconds_total", kExporter) == 182.342211);
  CHECK(at(out, "cpu_system_seconds_total", kExporter) == 97.234213);
  CHECK(at(out, "cpu_periods_total", kExporter) == 1284213);
  CHECK(at(out, "cpu_throttled_periods_total", kExporter) == 9523);
  CHECK(at(out, "cpu_throttled_seconds_total", kExporter) == 92.345678);
  CHECK(at(out, "cpu_bursts_total", kExporter) == 41);
  CHECK(at(out, "cpu_burst_seconds_total", kExporter) == 0.182345);
  CHECK(at(out, "cpu_weight", kExporter) == 50);
  CHECK(at(out, "cpuset_cpus", kExporter) == 3);

  CHECK(at(out, "memory_usage_bytes", kExporter) == 16777216);
  CHECK(at(out, "memory_working_set_bytes", kExporter) == 16777216 - 6291456);
  CHECK(at(out, "memory_peak_bytes", kExporter) == 25165824);
  CHECK(at(out, "memory_low_bytes", kExporter) == 8388608);
  CHECK(at(out, "memory_min_bytes", kExporter) == 0);
  CHECK(at(out, "memory_swap_usage_bytes", kExporter) == 1048576);
  CHECK(at(out, "memory_swap_limit_bytes", kExporter) == 67108864);
  CHECK(at(out, "memory_zswap_usage_bytes", kExporter) == 262144);
  CHECK(at(out, "memory_stat_bytes", kExporter, {{"type", "anon"}}) == 6291456);
  CHECK(at(out, "memory_page_faults_total", kExporter) == 913482);
  CHECK(at(out, "memory_major_page_faults_total", kExporter) == 231);
  CHECK(at(out, "memory_workingset_refaults_total", kExporter, {{"type", "file"}}) == 340);
  CHECK(at(out, "memory_pages_scanned_total", kExporter) == 5120);
  CHECK(at(out, "memory_pages_stolen_total", kExporter) == 4800);
  CHECK(at(out, "memory_events_total", "/system.slice", {{"event", "oom_kill"}}) == 2);
  CHECK(at(out, "memory_local_events_total", "/system.slice", {{"event", "oom_kill"}}) == 0);

  CHECK(at(out, "pressure_cpu_waiting_seconds_total", kExporter) == 4.134452);
  CHECK(at(out, "pressure_irq_stalled_seconds_total", kExporter) == 0.021344);
  CHECK_FALSE(find_family(out, "node_cgroup_pressure_irq_waiting_seconds_total"));
  CHECK(at(out, "pids", kExporter) == 9);
  CHECK(at(out, "pids_peak", kExporter) == 18);
  CHECK(at(out, "pids_limit_hits_total", kExporter) == 4);
  CHECK(at(out, "dying_descendants", "/") == 12);
  CHECK(value_of(out, "node_cgroup_dropped_cgroups") == 0);
}

TEST_CASE("v2: max is absent, and limits of ancestors count", "[cgroup]") {
  const auto out = collect(fixture_paths());
  CHECK_FALSE(at(out, "cpu_limit_cores", kExporter));
  CHECK(at(out, "cpu_limit_cores", "/system.slice") == 3);
  CHECK(at(out, "cpu_effective_limit_cores", kExporter) == 3);
  CHECK_FALSE(at(out, "cpu_effective_limit_cores", "/"));
  CHECK(at(out, "memory_limit_bytes", kExporter) == 268435456);
  CHECK(at(out, "memory_effective_limit_bytes", kExporter) == 268435456);
  CHECK(at(out, "memory_effective_limit_bytes", "/system.slice") == 12884901888);
  CHECK(at(out, "memory_high_bytes", kExporter) == 201326592);
  CHECK_FALSE(at(out, "memory_high_bytes", "/system.slice"));
  CHECK_FALSE(at(out, "memory_swap_limit_bytes", "/system.slice"));
  CHECK(at(out, "pids_effective_limit", kExporter) == 256);
  CHECK_FALSE(at(out, "pids_limit", "/system.slice"));
}

TEST_CASE("v2: devices have their names, or their numbers", "[cgroup]") {
  const auto out = collect(fixture_paths());
  CHECK(at(out, "io_read_bytes_total", kExporter, {{"device", "sda"}}) == 4096000);
  CHECK(at(out, "io_reads_completed_total", kExporter, {{"device", "253:4"}}) == 2);
  CHECK(at(out, "io_written_bytes_total", "/", {{"device", "nvme0n1"}}) == 118111600640);
  CHECK(at(out, "io_writes_completed_total", "/", {{"device", "sda"}}) == 9283741);
  CHECK(at(out, "io_discarded_bytes_total", "/", {{"device", "sda"}}) == 1073741824);
  CHECK(at(out, "io_discards_completed_total", "/", {{"device", "sda"}}) == 512);
  CHECK_FALSE(at(out, "io_read_bytes_total", kExporter, {{"device", "7:0"}}));
}

TEST_CASE("facts for health are of the limit that would be hit first", "[cgroup]") {
  const auto out = collect(fixture_paths());
  CHECK(fact_of(out, "cgroup_memory_used_ratio").value() == Approx((9663676416.0 - 2147483648) / 12884901888.0));
  CHECK(fact_of(out, "cgroup_pids_used_ratio") == 9.0 / 256);
  CHECK_FALSE(fact_of(out, "cgroup_cpu_throttled_ratio"));
}

TEST_CASE("cgroups that a pattern names are reported too, up to a cap", "[cgroup]") {
  const auto out = collect(fixture_paths(), {"--collector.cgroup.include=/system.slice/*.service",
                                             "--collector.cgroup.include=/user.slice", "--collector.cgroup.max=5"});
  CHECK(series_of(out, "node_cgroup_info") == 5);
  CHECK(value_of(out, "node_cgroup_dropped_cgroups") == 1);
  CHECK(at(out, "cpu_effective_limit_cores", "/system.slice/postgresql.service") == 2);
  CHECK(at(out, "pids", "/system.slice/ssh.service") == 1);
  CHECK_FALSE(at(out, "pids", "/user.slice"));
}

TEST_CASE("the cap never hides the exporter's own cgroup", "[cgroup]") {
  const auto out = collect(fixture_paths(), {"--collector.cgroup.include=/user.slice", "--collector.cgroup.max=1"});
  CHECK(at(out, "info", kExporter, {{"version", "2"}, {"self", "true"}}) == 1);
  CHECK(value_of(out, "node_cgroup_dropped_cgroups") == 1);
}

TEST_CASE("a bad pattern is refused at the start", "[cgroup]") {
  CHECK_THROWS_WITH(collect(fixture_paths(), {"--collector.cgroup.include=system.slice"}),
                    "--collector.cgroup.include: expected a path that starts with /, got \"system.slice\"");
}

TEST_CASE("v1: controllers of several mounts make one cgroup", "[cgroup]") {
  const auto out = collect(fixture_paths("cgroup-v1"));
  const std::string self = "/docker/4f1c2a";
  CHECK(series_of(out, "node_cgroup_info") == 3);
  CHECK(at(out, "info", self, {{"version", "1"}, {"self", "true"}}) == 1);
  CHECK(at(out, "cpu_usage_seconds_total", self) == 424.240123456);
  CHECK(at(out, "cpu_user_seconds_total", self) == 342.11);
  CHECK(at(out, "cpu_shares", self) == 512);
  CHECK_FALSE(at(out, "cpu_limit_cores", self));
  CHECK(at(out, "cpu_limit_cores", "/docker") == 2);
  CHECK(at(out, "cpu_effective_limit_cores", self) == 2);
  CHECK(at(out, "cpu_throttled_seconds_total", "/docker") == 98.213445211);
  CHECK(at(out, "cpuset_cpus", self) == 2);
  CHECK(at(out, "memory_usage_bytes", self) == 268435456);
  CHECK(at(out, "memory_working_set_bytes", self) == 268435456 - 67108864);
  CHECK(at(out, "memory_peak_bytes", self) == 402653184);
  CHECK_FALSE(at(out, "memory_limit_bytes", self));
  CHECK(at(out, "memory_limit_bytes", "/docker") == 4294967296);
  CHECK(at(out, "memory_effective_limit_bytes", self) == 4294967296);
  CHECK_FALSE(at(out, "memory_effective_limit_bytes", "/"));
  CHECK(at(out, "memory_limit_hits_total", self) == 3);
  CHECK(at(out, "memory_events_total", self, {{"event", "oom_kill"}}) == 1);
  CHECK(at(out, "memory_stat_bytes", self, {{"type", "anon"}}) == 150994944);
  CHECK(at(out, "memory_stat_bytes", self, {{"type", "file"}}) == 104857600);
  CHECK(at(out, "memory_swap_usage_bytes", self) == 8192);
  CHECK(at(out, "pids_limit", self) == 100);
  CHECK(at(out, "pids_limit_hits_total", self) == 2);
  CHECK(at(out, "io_written_bytes_total", self, {{"device", "sda"}}) == 2097152);
  CHECK(at(out, "io_discards_completed_total", self, {{"device", "sda"}}) == 1);
  CHECK(fact_of(out, "cgroup_memory_used_ratio") == 0.375);
}

TEST_CASE("a container with its own cgroup namespace is the root", "[cgroup]") {
  const auto out = collect(fixture_paths("cgroup-namespaced"));
  CHECK(at(out, "info", "/", {{"version", "2"}, {"self", "true"}}) == 1);
  CHECK(at(out, "memory_effective_limit_bytes", "/") == 67108864);
  CHECK(at(out, "cpu_effective_limit_cores", "/") == 0.5);
  CHECK(at(out, "memory_swap_limit_bytes", "/") == 0);
  CHECK(fact_of(out, "cgroup_memory_used_ratio") == (50331648.0 - 4194304) / 67108864);
}

TEST_CASE("hybrid: v1 numbers come before v2's, and limits out of sight count", "[cgroup]") {
  const auto out = collect(fixture_paths("cgroup-hybrid"));
  CHECK(at(out, "info", "/", {{"version", "1"}, {"self", "true"}}) == 1);
  CHECK(at(out, "info", "/", {{"version", "2"}, {"self", "true"}}) == 1);
  CHECK(at(out, "cpu_usage_seconds_total", "/") == 5);
  CHECK_FALSE(at(out, "cpu_user_seconds_total", "/"));
  CHECK(at(out, "cpu_limit_cores", "/") == 1.5);
  CHECK(at(out, "memory_limit_bytes", "/") == 209715200);
  CHECK(at(out, "memory_effective_limit_bytes", "/") == 157286400);
  CHECK(at(out, "pressure_cpu_waiting_seconds_total", "/") == 2.5);
  CHECK(at(out, "dying_descendants", "/") == 1);
  CHECK(fact_of(out, "cgroup_memory_used_ratio") == 0.5);
}

TEST_CASE("a process outside of what is mounted leaves the root only", "[cgroup]") {
  TestTree tree;
  write_v2(tree);
  tree.write("proc/self/cgroup", "0::/../../elsewhere\n");
  tree.write("sys/fs/cgroup/memory.max", "1000\n");
  const auto out = collect(tree.paths);
  CHECK(series_of(out, "node_cgroup_info") == 1);
  CHECK(at(out, "info", "/", {{"version", "2"}, {"self", "false"}}) == 1);
  CHECK(out.facts.empty());
}

TEST_CASE("throttling is a share of the periods since the last collection", "[cgroup]") {
  TestTree tree;
  write_v2(tree);
  const auto stat = [&](const std::string& name, int periods, int throttled) {
    tree.write("sys/fs/cgroup" + name + "/cpu.stat", "usage_usec 1\nnr_periods " + std::to_string(periods) +
                                                         "\nnr_throttled " + std::to_string(throttled) + "\n");
  };
  stat("/app", 100, 50);
  const auto collector = make_cgroup(tree.paths);
  const auto ratio = [&] { return fact_of(collect_once(*collector), "cgroup_cpu_throttled_ratio"); };
  CHECK_FALSE(ratio());  // nothing to compare with
  stat("/app", 109, 55);
  CHECK_FALSE(ratio());  // fewer than 10 periods
  stat("/app", 129, 60);
  CHECK(ratio() == 0.25);
  stat("/app", 229, 60);
  CHECK(ratio() == 0.0);
  stat("/app", 5, 1);  // the cgroup was made anew
  CHECK_FALSE(ratio());
  stat("", 1000, 0);
  stat("/app", 5, 1);
  CHECK_FALSE(ratio());
  stat("", 1020, 10);  // a quota of an ancestor slows us down too
  stat("/app", 105, 11);
  CHECK(ratio() == 0.5);
}

TEST_CASE("one strange file hides itself only", "[cgroup]") {
  TestTree tree;
  write_v2(tree);
  tree.write("sys/fs/cgroup/app/memory.current", std::string("\0\x01\xFF", 3));
  tree.write("sys/fs/cgroup/app/memory.max", "");
  tree.write("sys/fs/cgroup/app/cpu.stat", "usage_usec");
  tree.write("sys/fs/cgroup/app/io.stat", "gibberish here\n");
  tree.write("sys/fs/cgroup/app/cpu.pressure", "some avg10=");
  tree.write("sys/fs/cgroup/app/pids.current", "3\n");
  const auto out = collect(tree.paths);
  CHECK(at(out, "pids", "/app") == 3);
  CHECK_FALSE(find_family(out, "node_cgroup_memory_usage_bytes"));
  CHECK_FALSE(find_family(out, "node_cgroup_memory_limit_bytes"));
  CHECK_FALSE(find_family(out, "node_cgroup_io_read_bytes_total"));
}

TEST_CASE("usage below the inactive page cache makes no negative working set", "[cgroup]") {
  TestTree tree;
  write_v2(tree);
  tree.write("sys/fs/cgroup/app/memory.current", "100\n");
  tree.write("sys/fs/cgroup/app/memory.stat", "inactive_file 200\nworkingset_refault 7\n");
  const auto out = collect(tree.paths);
  CHECK(at(out, "memory_working_set_bytes", "/app") == 0);
  CHECK(at(out, "memory_workingset_refaults_total", "/app", {{"type", "file"}}) == 7);
}

TEST_CASE("without cgroups the collector does not apply", "[cgroup]") {
  TestTree tree;
  CHECK_THROWS_AS(collect(tree.paths), NotApplicable);
  tree.write("proc/self/cgroup", "0::/\n");
  tree.write("proc/self/mountinfo", "22 28 0:21 / /proc rw - proc proc rw\n");
  CHECK_THROWS_AS(collect(tree.paths), NotApplicable);
  write_v2(tree);
  tree.remove("proc/self/cgroup");
  CHECK_THROWS_AS(collect(tree.paths), NotApplicable);
}

TEST_CASE("central files that are cut are errors", "[cgroup]") {
  TestTree tree;
  write_v2(tree);
  tree.write("proc/self/cgroup", "");
  CHECK_THROWS_WITH(collect(tree.paths), "self/cgroup: is empty");
  tree.write("proc/self/mountinfo", "31 21");
  CHECK_THROWS_WITH(collect(tree.paths), "self/mountinfo: expected a mount with \" - \", got \"31 21\"");
}

TEST_CASE("a mount that moves is found again", "[cgroup]") {
  TestTree tree;
  write_v2(tree);
  const auto collector = make_cgroup(tree.paths);
  CHECK(series_of(collect_once(*collector), "node_cgroup_info") == 2);
  tree.remove("sys/fs/cgroup");
  CHECK_THROWS_AS(collect_once(*collector), NotApplicable);
  tree.make_folder("sys/fs/cgroup/app");
  CHECK(series_of(collect_once(*collector), "node_cgroup_info") == 2);
}
