// SPDX-License-Identifier: Apache-2.0
#include "conntrack.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

const std::string kNames =
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  "
    "expect_new expect_create expect_delete search_restart\n";

}  // namespace

TEST_CASE("connection tracking counts are hexadecimal, and summed over the CPUs", "[conntrack]") {
  const auto counts = parse_conntrack_stat(
      kNames + "00000021 00000000 00000001 00000000 00000010 0000588a 0 0 2 3 4 5 6 7 8 9 0000000a\n" +
      "00000021 00000000 00000002 00000000 00000020 00000001 0 0 1 1 1 1 1 1 1 1 00000001\n");
  const ConntrackCounts expected{5, 6, 3, 0x588b, 3, 4, 0x30, 11};
  CHECK(counts == expected);
}

TEST_CASE("a column that a kernel does not have is unknown", "[conntrack]") {
  const auto counts = parse_conntrack_stat("entries found\n00000001 0000000f\n");
  CHECK(counts[2] == 15U);
  CHECK_FALSE(counts[0]);
  CHECK_FALSE(counts[7]);
}

TEST_CASE("a cut or strange conntrack file is an error", "[conntrack]") {
  CHECK_THROWS_WITH(parse_conntrack_stat(""), "net/stat/nf_conntrack: no line of a CPU");
  CHECK_THROWS_WITH(parse_conntrack_stat(kNames), "net/stat/nf_conntrack: no line of a CPU");
  CHECK_THROWS_WITH(parse_conntrack_stat("entries found\n00000001\n"),
                    "net/stat/nf_conntrack: found: expected a hexadecimal number, got \"\"");
  CHECK_THROWS_WITH(parse_conntrack_stat("entries found\nxx 1\n"),
                    "net/stat/nf_conntrack: a column: expected a hexadecimal number, got \"xx\"");
}

TEST_CASE("the conntrack collector reports how full the table is", "[conntrack]") {
  const TestTree tree;
  const auto collector = make_conntrack(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("proc/sys/net/netfilter/nf_conntrack_count", "100\n");
  tree.write("proc/sys/net/netfilter/nf_conntrack_max", "400\n");
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_nf_conntrack_entries") == 100.0);
  CHECK(value_of(out, "node_nf_conntrack_entries_limit") == 400.0);
  CHECK(out.families.series() == 2);
  CHECK(fact_of(out, "conntrack_used_ratio") == 0.25);

  tree.write("proc/net/stat/nf_conntrack", "entries drop\n1 1f\n");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_nf_conntrack_stat_drop") == 31.0);
  CHECK(out.families.series() == 3);

  tree.write("proc/sys/net/netfilter/nf_conntrack_max", "0\n");
  CHECK_FALSE(fact_of(collect_once(*collector), "conntrack_used_ratio"));

  tree.write("proc/sys/net/netfilter/nf_conntrack_count", "many\n");
  CHECK_THROWS_WITH(collect_once(*collector), "sys/net/netfilter/nf_conntrack_count: expected a number, got \"many\"");
}
