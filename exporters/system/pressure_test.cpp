// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

std::string line(const std::string& kind, const std::string& avg60, const std::string& total) {
  return kind + " avg10=0.00 avg60=" + avg60 + " avg300=0.00 total=" + total + '\n';
}

}  // namespace

TEST_CASE("pressure is seconds waited and stalled, and facts of the last minute", "[pressure]") {
  const TestTree tree;
  tree.write("proc/pressure/cpu", line("some", "12.50", "1500000") + line("full", "0.00", "2000000"));
  tree.write("proc/pressure/io", line("some", "30.00", "3000000") + line("full", "20.00", "2500000"));
  tree.write("proc/pressure/memory", line("some", "4.00", "500000") + line("full", "1.00", "250000"));
  tree.write("proc/pressure/irq", line("full", "0.00", "125000"));
  const auto out = collect_once(*make_pressure(tree.paths));
  CHECK(value_of(out, "node_pressure_cpu_waiting_seconds_total") == 1.5);
  CHECK(value_of(out, "node_pressure_cpu_stalled_seconds_total") == 2.0);
  CHECK(value_of(out, "node_pressure_io_waiting_seconds_total") == 3.0);
  CHECK(value_of(out, "node_pressure_io_stalled_seconds_total") == 2.5);
  CHECK(value_of(out, "node_pressure_memory_waiting_seconds_total") == 0.5);
  CHECK(value_of(out, "node_pressure_memory_stalled_seconds_total") == 0.25);
  CHECK(value_of(out, "node_pressure_irq_stalled_seconds_total") == 0.125);
  CHECK(out.families.series() == 7);
  CHECK(fact_of(out, "cpu_pressure_ratio") == 0.125);
  CHECK(fact_of(out, "io_pressure_ratio") == 0.2);
  CHECK(fact_of(out, "memory_pressure_ratio") == 0.01);
  CHECK(out.facts.size() == 3);
}

TEST_CASE("an older kernel has no irq pressure and no full line for cpu", "[pressure]") {
  const TestTree tree;
  tree.write("proc/pressure/cpu", line("some", "0.00", "1500000"));
  const auto out = collect_once(*make_pressure(tree.paths));
  CHECK(value_of(out, "node_pressure_cpu_waiting_seconds_total") == 1.5);
  CHECK(out.families.series() == 1);
}

TEST_CASE("a kernel without PSI is no failure", "[pressure]") {
  const TestTree tree;
  CHECK_THROWS_AS(collect_once(*make_pressure(tree.paths)), binnacle::NotApplicable);
}

TEST_CASE("a cut pressure file is an error that names it", "[pressure]") {
  const TestTree tree;
  const auto collector = make_pressure(tree.paths);
  tree.write("proc/pressure/cpu", "");
  CHECK_THROWS_WITH(collect_once(*collector), "pressure/cpu: some: a line is missing");
  tree.write("proc/pressure/cpu", line("some", "0.00", "1"));
  tree.write("proc/pressure/io", line("some", "0.00", "1"));
  CHECK_THROWS_WITH(collect_once(*collector), "pressure/io: full: a line is missing");
  tree.write("proc/pressure/io", "some avg10=0.00 av");
  CHECK_THROWS_WITH(collect_once(*collector), Catch::StartsWith("pressure/io"));
}
