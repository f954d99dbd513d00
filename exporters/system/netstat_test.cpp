// SPDX-License-Identifier: Apache-2.0
#include "netstat.h"

#include <array>
#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

constexpr auto kNetstat =
    "TcpExt: SyncookiesSent TW ListenDrops\nTcpExt: 1 2 3\nIpExt: InOctets OutOctets\nIpExt: 4 5\n";
constexpr auto kSnmp = "Tcp: MaxConn CurrEstab InErrs\nTcp: -1 6 7\nUdp: InDatagrams MemErrors\nUdp: 8 9\n";

struct Setup {
  Setup() {
    tree.write("proc/net/netstat", kNetstat);
    tree.write("proc/net/snmp", kSnmp);
    collector->add_flags(flags);
  }
  void start(std::vector<const char*> arguments = {}) {
    arguments.insert(arguments.begin(), "system-exporter");
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
    collector->start();
  }
  TestTree tree;
  std::unique_ptr<binnacle::Collector> collector = make_netstat(tree.paths);
  binnacle::Flags flags{"system-exporter", "", "0"};
};

}  // namespace

TEST_CASE("tables are a line of names and a line of values", "[netstat]") {
  const auto tables = parse_net_tables(kNetstat, "net/netstat");
  REQUIRE(tables.size() == 2);
  CHECK(tables[0].protocol == "TcpExt");
  CHECK(tables[0].names == " SyncookiesSent TW ListenDrops");
  CHECK(tables[0].values == " 1 2 3");
  CHECK(tables[1].protocol == "IpExt");
}

TEST_CASE("tables that are cut are an error that names the file", "[netstat]") {
  CHECK_THROWS_WITH(parse_net_tables("", "net/snmp"), "net/snmp: the file is empty");
  CHECK_THROWS_WITH(parse_net_tables("Tcp: A B\n", "net/snmp"), "net/snmp: \"Tcp\": names without a line of values");
  CHECK_THROWS_WITH(parse_net_tables("Tcp: A\nUdp: 1\n", "net/snmp"),
                    "net/snmp: \"Tcp\": names without a line of values");
  CHECK_THROWS_WITH(parse_net_tables(":\n:\n", "net/snmp"), "net/snmp: \"\": names without a line of values");
}

TEST_CASE("the netstat collector reports the fields that its pattern picks", "[netstat]") {
  Setup setup;
  setup.tree.write("proc/net/snmp6",
                   "Ip6InOctets \t10\nUdp6InErrors \t11\nUdpLite6InErrors 12\nIp6InReceives 13\nodd 14\n");
  setup.start();
  for (int scrape = 0; scrape < 2; ++scrape) {
    const auto out = collect_once(*setup.collector);
    CHECK(value_of(out, "node_netstat_TcpExt_SyncookiesSent") == 1.0);
    CHECK(value_of(out, "node_netstat_TcpExt_ListenDrops") == 3.0);
    CHECK(value_of(out, "node_netstat_IpExt_OutOctets") == 5.0);
    CHECK(value_of(out, "node_netstat_Tcp_CurrEstab") == 6.0);
    CHECK(value_of(out, "node_netstat_Tcp_InErrs") == 7.0);
    CHECK(value_of(out, "node_netstat_Udp_InDatagrams") == 8.0);
    CHECK(value_of(out, "node_netstat_Ip6_InOctets") == 10.0);
    CHECK(value_of(out, "node_netstat_Udp6_InErrors") == 11.0);
    CHECK(value_of(out, "node_netstat_UdpLite6_InErrors") == 12.0);
    CHECK(out.families.series() == 10);
    CHECK(find_family(out, "node_netstat_Tcp_CurrEstab")->type == prometheus::MetricType::Untyped);
  }
}

TEST_CASE("fields that move between scrapes are found again", "[netstat]") {
  Setup setup;
  setup.start();
  collect_once(*setup.collector);
  setup.tree.write("proc/net/netstat",
                   "IpExt: InOctets OutOctets\nIpExt: 4 5\nTcpExt: TW New ListenDrops\nTcpExt: 2 0 33\n");
  const auto out = collect_once(*setup.collector);
  CHECK(value_of(out, "node_netstat_TcpExt_ListenDrops") == 33.0);
  CHECK(find_family(out, "node_netstat_TcpExt_SyncookiesSent") == nullptr);
  CHECK(value_of(out, "node_netstat_IpExt_InOctets") == 4.0);
}

TEST_CASE("the fields of netstat can be chosen, and negative numbers are numbers", "[netstat]") {
  Setup setup;
  setup.start({"--collector.netstat.fields=^Tcp_MaxConn$"});
  const auto out = collect_once(*setup.collector);
  CHECK(out.families.series() == 1);
  CHECK(value_of(out, "node_netstat_Tcp_MaxConn") == -1.0);
}

TEST_CASE("a bad pattern for netstat is an error at the start", "[netstat]") {
  Setup setup;
  CHECK_THROWS_WITH(setup.start({"--collector.netstat.fields=["}),
                    Catch::StartsWith("--collector.netstat.fields: bad regular expression"));
}

TEST_CASE("names and values that do not fit are an error that names the file and the field", "[netstat]") {
  Setup setup;
  setup.start();
  setup.tree.write("proc/net/snmp", "Tcp: CurrEstab InErrs\nTcp: 6\n");
  CHECK_THROWS_WITH(collect_once(*setup.collector), "net/snmp: Tcp_InErrs: expected a number, got \"\"");
  setup.tree.write("proc/net/snmp", "Tcp: MaxConn CurrEstab InErrs AttemptFails\nTcp: 6 1 2\n");
  CHECK_THROWS_WITH(collect_once(*setup.collector), "net/snmp: Tcp_AttemptFails: expected a number, got \"\"");
  setup.tree.write("proc/net/snmp", "Tcp: CurrEstab\nTcp: 6 7\n");
  CHECK_THROWS_WITH(collect_once(*setup.collector), "net/snmp: Tcp has more values than names");
  setup.tree.write("proc/net/snmp", "Tcp: CurrEstab\nTcp: many\n");
  CHECK_THROWS_WITH(collect_once(*setup.collector), "net/snmp: Tcp_CurrEstab: expected a number, got \"many\"");
}
