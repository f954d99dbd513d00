// SPDX-License-Identifier: Apache-2.0
#include "softnet.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("softnet_stat of a new kernel tells the CPU and its backlog", "[softnet]") {
  const auto cpus = parse_softnet("000000ff 1 2 0 0 0 0 0 3 4 5 6 0000000a 7 8\n");
  REQUIRE(cpus.size() == 1);
  CHECK(cpus[0].cpu == 10);
  CHECK(cpus[0].processed == 255U);
  CHECK(cpus[0].dropped == 1U);
  CHECK(cpus[0].times_squeezed == 2U);
  CHECK(cpus[0].cpu_collision == 3U);
  CHECK(cpus[0].received_rps == 4U);
  CHECK(cpus[0].flow_limit_count == 5U);
  CHECK(cpus[0].backlog_length == 6U);
}

TEST_CASE("lines of an older kernel stand for the CPUs in order", "[softnet]") {
  const auto cpus = parse_softnet("1 2 3 0 0 0 0 0 9\n4 5 6 0 0 0 0 0 9 a b\n\n");
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].cpu == 0);
  CHECK_FALSE(cpus[0].received_rps);
  CHECK_FALSE(cpus[0].backlog_length);
  CHECK(cpus[1].cpu == 1);
  CHECK(cpus[1].received_rps == 10U);
  CHECK(cpus[1].flow_limit_count == 11U);
}

TEST_CASE("a cut or strange softnet_stat is an error", "[softnet]") {
  CHECK_THROWS_WITH(parse_softnet(""), "net/softnet_stat: the file is empty");
  CHECK_THROWS_WITH(parse_softnet("1 2 3 4 5 6 7 8\n"), "net/softnet_stat: a line is cut");
  CHECK_THROWS_WITH(parse_softnet("1 2 3 4 5 6 7 8 xyz\n"),
                    "net/softnet_stat: a column: expected a hexadecimal number, got \"xyz\"");
}

TEST_CASE("the softnet collector reports what the kernel tells", "[softnet]") {
  const TestTree tree;
  const auto collector = make_softnet(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("proc/net/softnet_stat", "ff 1 2 0 0 0 0 0 3 4 5\n");
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_softnet_processed_total", {{"cpu", "0"}}) == 255.0);
  CHECK(value_of(out, "node_softnet_flow_limit_count_total", {{"cpu", "0"}}) == 5.0);
  CHECK(find_family(out, "node_softnet_backlog_len") == nullptr);

  tree.write("proc/net/softnet_stat", "ff 1 2 0 0 0 0 0 3 4 5 6 2\n");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_softnet_backlog_len", {{"cpu", "2"}}) == 6.0);
  CHECK(out.families.series() == 7);
}
