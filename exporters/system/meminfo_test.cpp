// SPDX-License-Identifier: Apache-2.0
#include "meminfo.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("meminfo has fields in kB and plain numbers", "[meminfo]") {
  const auto fields = parse_meminfo("MemTotal:       16384 kB\nActive(anon):      2 kB\nHugePages_Total:       3\n\n");
  REQUIRE(fields.size() == 3);
  CHECK(fields[0].name == "MemTotal");
  CHECK(fields[0].value == 16'777'216);
  CHECK(fields[0].bytes);
  CHECK(fields[1].name == "Active(anon)");
  CHECK(fields[2].value == 3);
  CHECK_FALSE(fields[2].bytes);
}

TEST_CASE("a cut or strange meminfo is an error that names the field", "[meminfo]") {
  CHECK_THROWS_WITH(parse_meminfo(""), "meminfo: the file is empty");
  CHECK_THROWS_WITH(parse_meminfo("MemTotal:"), "meminfo: MemTotal: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_meminfo("MemTotal: x kB\n"), "meminfo: MemTotal: expected a number, got \"x\"");
  CHECK_THROWS_WITH(parse_meminfo("MemTotal: 1 MB\n"), "meminfo: MemTotal: expected the unit kB, got \"MB\"");
  CHECK_THROWS_WITH(parse_meminfo("\x01\x02\n"), Catch::StartsWith("meminfo: "));
}

TEST_CASE("names of memory metrics are the fields' with their unit", "[meminfo]") {
  CHECK(meminfo_metric("MemTotal", true) == "node_memory_MemTotal_bytes");
  CHECK(meminfo_metric("Active(anon)", true) == "node_memory_Active_anon_bytes");
  CHECK(meminfo_metric("Committed_AS", true) == "node_memory_Committed_AS_bytes");
  CHECK(meminfo_metric("HugePages_Total", false) == "node_memory_HugePages_Total");
  CHECK(meminfo_metric("a b-c", false) == "node_memory_a_b_c");
}

TEST_CASE("the meminfo collector reports every field, and how much memory is available", "[meminfo]") {
  const TestTree tree;
  const auto collector = make_meminfo(tree.paths);
  CHECK_THROWS_WITH(collect_once(*collector), Catch::Contains("meminfo"));

  tree.write("proc/meminfo", "MemTotal: 4000 kB\nMemAvailable: 1000 kB\nHugePages_Free: 5\n");
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_memory_MemTotal_bytes") == 4'096'000.0);
  CHECK(value_of(out, "node_memory_HugePages_Free") == 5.0);
  CHECK(fact_of(out, "memory_available_ratio") == 0.25);

  tree.write("proc/meminfo", "MemTotal: 4000 kB\nMemFree: 7 kB\n");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_memory_MemFree_bytes") == 7168.0);
  CHECK_FALSE(fact_of(out, "memory_available_ratio"));
}
