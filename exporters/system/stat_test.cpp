// SPDX-License-Identifier: Apache-2.0
#include "stat.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

const std::string kStat =
    "cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 900 1 2 3\nctxt 800\nbtime 1700000000\nprocesses 700\nprocs_running 6\n"
    "procs_blocked 5\nsoftirq 550 10 20 30 40 50 60 70 80 90 100\n";

}  // namespace

TEST_CASE("stat tells of the whole machine", "[stat]") {
  const auto stat = parse_stat(kStat);
  CHECK(stat.interrupts == 900);
  CHECK(stat.context_switches == 800);
  CHECK(stat.boot_time == 1'700'000'000);
  CHECK(stat.forks == 700);
  CHECK(stat.procs_running == 6);
  CHECK(stat.procs_blocked == 5);
  CHECK(stat.softirqs == std::vector<std::uint64_t>{10, 20, 30, 40, 50, 60, 70, 80, 90, 100});
}

TEST_CASE("a kernel may have fewer or more kinds of soft interrupts, or none", "[stat]") {
  const auto with = [](const std::string& softirq) {
    return parse_stat("intr 1\nctxt 1\nbtime 1\nprocesses 1\nprocs_running 1\nprocs_blocked 1\n" + softirq).softirqs;
  };
  CHECK(with("").empty());
  CHECK(with("softirq 3 1 2\n") == std::vector<std::uint64_t>{1, 2});
  CHECK(with("softirq 66 1 2 3 4 5 6 7 8 9 10 11\n").size() == kSoftirqVectors.size());
}

TEST_CASE("a cut or strange stat is an error that names the line", "[stat]") {
  CHECK_THROWS_WITH(parse_stat(""), "stat: no line intr");
  CHECK_THROWS_WITH(parse_stat("intr 1\nctxt 2\n"), "stat: no line btime");
  CHECK_THROWS_WITH(parse_stat("intr 1\nctxt\n"), "stat: ctxt: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_stat("intr -1\n"), "stat: intr: expected a number, got \"-1\"");
  CHECK_THROWS_WITH(parse_stat("softirq 1 2 x\n"), "stat: softirq: timer: expected a number, got \"x\"");
}

TEST_CASE("the stat collector reports soft interrupts when asked to", "[stat]") {
  const TestTree tree;
  tree.write("proc/stat", kStat);
  const auto collector = make_stat(tree.paths);
  binnacle::Flags flags{"system-exporter", "", "0"};
  collector->add_flags(flags);
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_intr_total") == 900.0);
  CHECK(value_of(out, "node_context_switches_total") == 800.0);
  CHECK(value_of(out, "node_forks_total") == 700.0);
  CHECK(value_of(out, "node_boot_time_seconds") == 1.7e9);
  CHECK(value_of(out, "node_procs_running") == 6.0);
  CHECK(value_of(out, "node_procs_blocked") == 5.0);
  CHECK(find_family(out, "node_softirqs_total") == nullptr);

  const std::array arguments{"system-exporter", "--collector.stat.softirq"};
  flags.parse(static_cast<int>(arguments.size()), arguments.data());
  out = collect_once(*collector);
  CHECK(series_of(out, "node_softirqs_total") == 10);
  CHECK(value_of(out, "node_softirqs_total", {{"vector", "net_rx"}}) == 40.0);
}
