// SPDX-License-Identifier: Apache-2.0
#include "schedstat.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

constexpr auto kSchedstat =
    "version 15\ntimestamp 15819019232\ncpu0 1 0 3 4 5 6 2500000000 500000000 9\ndomain0 00000003 1 2 3\n"
    "cpu1 1 0 3 4 5 6 1000000000 0 7\n";

}  // namespace

TEST_CASE("schedstat has the times of each CPU", "[schedstat]") {
  const auto cpus = parse_schedstat(kSchedstat);
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].cpu == "0");
  CHECK(cpus[0].running_ns == 2'500'000'000);
  CHECK(cpus[0].waiting_ns == 500'000'000);
  CHECK(cpus[0].timeslices == 9);
  CHECK(cpus[1].cpu == "1");
}

TEST_CASE("a cut or strange schedstat is an error", "[schedstat]") {
  CHECK_THROWS_WITH(parse_schedstat(""), "schedstat: no line of a CPU");
  CHECK_THROWS_WITH(parse_schedstat("version 15\n"), "schedstat: no line of a CPU");
  CHECK_THROWS_WITH(parse_schedstat("cpu0 1 2 3 4 5 6 7 8\n"), "schedstat: timeslices: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_schedstat("cpu0 1 2 3\n"), "schedstat: running time: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_schedstat("cpux 1 2 3 4 5 6 7 8 9\n"), "schedstat: cpu: expected a number, got \"x\"");
}

TEST_CASE("the schedstat collector reports seconds", "[schedstat]") {
  const TestTree tree;
  const auto collector = make_schedstat(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);
  tree.write("proc/schedstat", kSchedstat);
  const auto out = collect_once(*collector);
  CHECK(value_of(out, "node_schedstat_running_seconds_total", {{"cpu", "0"}}) == 2.5);
  CHECK(value_of(out, "node_schedstat_waiting_seconds_total", {{"cpu", "0"}}) == 0.5);
  CHECK(value_of(out, "node_schedstat_timeslices_total", {{"cpu", "1"}}) == 7.0);
}
