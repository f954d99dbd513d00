// SPDX-License-Identifier: Apache-2.0
#include "sockstat.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("sockstat has pairs of names and numbers for each protocol", "[sockstat]") {
  const auto counts = parse_sockstat("sockets: used 229\nTCP: inuse 4 orphan 1\n\nRAW: inuse 0\n", "net/sockstat");
  REQUIRE(counts.size() == 4);
  CHECK(counts[0].protocol == "sockets");
  CHECK(counts[0].name == "used");
  CHECK(counts[0].value == 229);
  CHECK(counts[2].protocol == "TCP");
  CHECK(counts[2].name == "orphan");
  CHECK(counts[2].value == 1);
}

TEST_CASE("a cut or strange sockstat is an error that names the file", "[sockstat]") {
  CHECK_THROWS_WITH(parse_sockstat("", "net/sockstat"), "net/sockstat: the file is empty");
  CHECK_THROWS_WITH(parse_sockstat("TCP:\n", "net/sockstat"), "net/sockstat: \"TCP\": the line is cut");
  CHECK_THROWS_WITH(parse_sockstat("TCP: inuse", "net/sockstat6"), "net/sockstat6: inuse: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_sockstat("TCP: inuse 1 tw x\n", "net/sockstat"),
                    "net/sockstat: tw: expected a number, got \"x\"");
}

TEST_CASE("the sockstat collector reports both files, and buffers in bytes too", "[sockstat]") {
  const TestTree tree;
  const auto collector = make_sockstat(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("proc/net/sockstat6", "TCP6: inuse 17\n");
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_sockstat_TCP6_inuse") == 17.0);
  CHECK(out.families.series() == 1);

  tree.write("proc/net/sockstat",
             "sockets: used 229\nTCP: inuse 4 orphan 1 tw 5 alloc 17 mem 3\nFRAG: inuse 2 memory 6\nX: strange 1\n");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_sockstat_sockets_used") == 229.0);
  CHECK(value_of(out, "node_sockstat_TCP_inuse") == 4.0);
  CHECK(value_of(out, "node_sockstat_TCP_orphan") == 1.0);
  CHECK(value_of(out, "node_sockstat_TCP_tw") == 5.0);
  CHECK(value_of(out, "node_sockstat_TCP_alloc") == 17.0);
  CHECK(value_of(out, "node_sockstat_TCP_mem") == 3.0);
  CHECK(value_of(out, "node_sockstat_TCP_mem_bytes") == 3.0 * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  CHECK(value_of(out, "node_sockstat_FRAG_memory") == 6.0);
  CHECK(value_of(out, "node_sockstat_TCP6_inuse") == 17.0);
  CHECK(out.families.series() == 10);
}
