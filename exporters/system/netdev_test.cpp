// SPDX-License-Identifier: Apache-2.0
#include "netdev.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

const std::string kHeadings =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
    "compressed\n";

const std::string kDevices =
    kHeadings +
    "    lo:    10      20    0    0    0     0          0         0       10      20    0    0    "
    "0     0       0          0\n"
    "  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";

struct Setup {
  Setup() {
    tree.write("proc/net/dev", kDevices);
    collector->add_flags(flags);
  }
  binnacle::Output run(std::vector<const char*> arguments = {}) {
    arguments.insert(arguments.begin(), "system-exporter");
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
    collector->start();
    return collect_once(*collector);
  }
  TestTree tree;
  std::unique_ptr<binnacle::Collector> collector = make_netdev(tree.paths);
  binnacle::Flags flags{"system-exporter", "", "0"};
};

}  // namespace

TEST_CASE("net/dev has sixteen counters for each device", "[netdev]") {
  const auto devices = parse_net_dev(kDevices);
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].name == "lo");
  CHECK(devices[0].counters[1] == 20);
  CHECK(devices[1].name == "eth0");
  CHECK(devices[1].counters[0] == 1);
  CHECK(devices[1].counters[15] == 16);
}

TEST_CASE("a device's name may have a colon", "[netdev]") {
  const std::string text = kHeadings + "eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
  const auto devices = parse_net_dev(text);
  REQUIRE(devices.size() == 1);
  CHECK(devices[0].name == "eth0:1");
  CHECK(devices[0].counters[0] == 1);
}

TEST_CASE("a network namespace without devices is no error", "[netdev]") { CHECK(parse_net_dev(kHeadings).empty()); }

TEST_CASE("a cut or strange net/dev is an error that names the device", "[netdev]") {
  CHECK_THROWS_WITH(parse_net_dev(""), "net/dev: the headings are missing");
  CHECK_THROWS_WITH(parse_net_dev("Inter-|  Receive\n"), "net/dev: the headings are missing");
  CHECK_THROWS_WITH(parse_net_dev("lo: 1\neth0: 2\n"), "net/dev: the headings are missing");
  CHECK_THROWS_WITH(parse_net_dev(kHeadings + "lo: 1 2 3\n"), "net/dev: lo: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_net_dev(kHeadings + "lo: 1 2 -3\n"), "net/dev: lo: expected a number, got \"-3\"");
  CHECK_THROWS_WITH(parse_net_dev(kHeadings + "1 2 3\n"), "net/dev: a line has no device: \"1 2 3\"");
  CHECK_THROWS_WITH(parse_net_dev(kHeadings + " : 1 2 3\n"), Catch::StartsWith("net/dev: a line has no device"));
}

TEST_CASE("the netdev collector reports every counter of every device", "[netdev]") {
  Setup setup;
  setup.tree.write("sys/class/net/eth0/statistics/rx_nohandler", "17\n");
  const auto out = setup.run();
  int expected = 1;
  for (const auto* name :
       {"receive_bytes", "receive_packets", "receive_errs", "receive_drop", "receive_fifo", "receive_frame",
        "receive_compressed", "receive_multicast", "transmit_bytes", "transmit_packets", "transmit_errs",
        "transmit_drop", "transmit_fifo", "transmit_colls", "transmit_carrier", "transmit_compressed"}) {
    const auto metric = "node_network_" + std::string{name} + "_total";
    INFO(metric);
    CHECK(value_of(out, metric, {{"device", "eth0"}}) == static_cast<double>(expected++));
    CHECK(series_of(out, metric) == 2);
    REQUIRE(find_family(out, metric) != nullptr);
    CHECK(find_family(out, metric)->type == prometheus::MetricType::Counter);
  }
  CHECK(value_of(out, "node_network_receive_packets_total", {{"device", "lo"}}) == 20.0);
  CHECK(value_of(out, "node_network_receive_nohandler_total", {{"device", "eth0"}}) == 17.0);
  CHECK(series_of(out, "node_network_receive_nohandler_total") == 1);
  CHECK(out.families.all().size() == 17);
}

TEST_CASE("without netlink there is no counter of packets that nobody took", "[netdev]") {
  Setup setup;
  setup.tree.write("sys/class/net/eth0/statistics/rx_nohandler", "17\n");
  const auto out = setup.run({"--no-collector.netdev.netlink"});
  CHECK(out.families.all().size() == 16);
}

TEST_CASE("network devices can be left out or picked", "[netdev]") {
  Setup setup;
  SECTION("left out") {
    const auto out = setup.run({"--collector.netdev.device-exclude=^lo$"});
    CHECK(series_of(out, "node_network_receive_bytes_total") == 1);
    CHECK(value_of(out, "node_network_receive_bytes_total", {{"device", "eth0"}}) == 1.0);
  }
  SECTION("picked") {
    const auto out = setup.run({"--collector.netdev.device-include=^lo$"});
    CHECK(series_of(out, "node_network_receive_bytes_total") == 1);
    CHECK(value_of(out, "node_network_receive_bytes_total", {{"device", "lo"}}) == 10.0);
  }
  SECTION("not both") {
    CHECK_THROWS_WITH(
        setup.run({"--collector.netdev.device-include=a", "--collector.netdev.device-exclude=b"}),
        Catch::Contains("collector.netdev.device-exclude") && Catch::Contains("collector.netdev.device-include"));
  }
}

TEST_CASE("a device's alias can be a label", "[netdev]") {
  Setup setup;
  setup.tree.write("sys/class/net/eth0/ifalias", "uplink\n");
  const auto out = setup.run({"--collector.netdev.label-ifalias"});
  CHECK(value_of(out, "node_network_receive_bytes_total", {{"device", "eth0"}, {"ifalias", "uplink"}}) == 1.0);
  CHECK(value_of(out, "node_network_receive_bytes_total", {{"device", "lo"}, {"ifalias", ""}}) == 10.0);
}

TEST_CASE("detailed counters come from sysfs, one by one", "[netdev]") {
  Setup setup;
  setup.tree.write("sys/class/net/eth0/statistics/rx_missed_errors", "5\n");
  setup.tree.write("sys/class/net/eth0/statistics/multicast", "6\n");
  setup.tree.write("sys/class/net/eth0/statistics/tx_window_errors", "seven\n");
  SECTION("all that the kernel has") {
    const auto out = setup.run({"--collector.netdev.enable-detailed-metrics"});
    CHECK(value_of(out, "node_network_receive_missed_errors_total", {{"device", "eth0"}}) == 5.0);
    CHECK(value_of(out, "node_network_multicast_total", {{"device", "eth0"}}) == 6.0);
    CHECK(out.families.series() == 2);
  }
  SECTION("those of net/dev under the detailed names") {
    const auto out = setup.run({"--collector.netdev.enable-detailed-metrics", "--no-collector.netdev.netlink"});
    CHECK(value_of(out, "node_network_receive_errors_total", {{"device", "eth0"}}) == 3.0);
    CHECK(value_of(out, "node_network_transmit_dropped_total", {{"device", "eth0"}}) == 12.0);
    CHECK(find_family(out, "node_network_receive_errs_total") == nullptr);
    CHECK(out.families.all().size() == 16);
  }
}

TEST_CASE("addresses are reported when asked for", "[netdev]") {
  Setup setup;
  const auto out = setup.run({"--collector.netdev.address-info", "--collector.netdev.device-include=^lo$"});
  const auto* family = find_family(out, "node_network_address_info");
  if (family == nullptr) {
    WARN("not checked here: the loopback device has no address");
    return;
  }
  for (const auto& metric : family->series()) {
    REQUIRE(metric.label.size() == 4);
    CHECK(metric.label[0].name == "address");
    CHECK(metric.label[1].value == "lo");
    CHECK(metric.label[2].name == "netmask");
    CHECK(metric.label[3].name == "scope");
  }
}
