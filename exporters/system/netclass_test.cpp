// SPDX-License-Identifier: Apache-2.0
#include "netclass.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

struct Setup {
  Setup() { collector->add_flags(flags); }
  void add_device(const std::string& name, const std::vector<std::pair<std::string, std::string>>& attributes) const {
    tree.make_folder("sys/class/net/" + name);
    for (const auto& [file, text] : attributes) tree.write("sys/class/net/" + name + '/' + file, text + '\n');
  }
  binnacle::Output run(std::vector<const char*> arguments = {}) {
    arguments.insert(arguments.begin(), "system-exporter");
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
    collector->start();
    return collect_once(*collector);
  }
  TestTree tree;
  std::unique_ptr<binnacle::Collector> collector = make_netclass(tree.paths);
  binnacle::Flags flags{"system-exporter", "", "0"};
};

}  // namespace

TEST_CASE("attributes are decimal or hexadecimal", "[netclass]") {
  CHECK(parse_attribute("1500\n") == 1500);
  CHECK(parse_attribute("-1") == -1);
  CHECK(parse_attribute("0x1303") == 0x1303);
  for (const auto* bad : {"", "0x", "0xg", "1.5", "up", "0xffffffffffffffff"}) CHECK_FALSE(parse_attribute(bad));
}

TEST_CASE("the administrator's state is a bit of the flags", "[netclass]") {
  CHECK(admin_state(0x1003) == "up");
  CHECK(admin_state(0x1002) == "down");
  CHECK(admin_state(std::nullopt) == "unknown");
}

TEST_CASE("speeds are bytes a second, and do not overflow", "[netclass]") {
  CHECK(speed_in_bytes(1000) == 125'000'000);
  CHECK(speed_in_bytes(-1) == -125'000);
  CHECK(speed_in_bytes(INT64_MAX) > 0);
  CHECK(speed_in_bytes(INT64_MIN) < 0);
}

TEST_CASE("the netclass collector reports what a device has", "[netclass]") {
  Setup setup;
  CHECK_THROWS_AS(setup.run(), binnacle::NotApplicable);
  setup.add_device("eth0", {{"addr_assign_type", "1"},
                            {"address", "02:00:00:00:00:01"},
                            {"broadcast", "ff:ff:ff:ff:ff:ff"},
                            {"carrier", "1"},
                            {"carrier_changes", "5"},
                            {"carrier_up_count", "3"},
                            {"carrier_down_count", "2"},
                            {"dev_id", "0x20"},
                            {"dormant", "0"},
                            {"duplex", "full"},
                            {"flags", "0x1003"},
                            {"ifalias", "uplink"},
                            {"ifindex", "7"},
                            {"iflink", "8"},
                            {"link_mode", "0"},
                            {"mtu", "9000"},
                            {"name_assign_type", "4"},
                            {"netdev_group", "0"},
                            {"operstate", "up"},
                            {"speed", "10000"},
                            {"tx_queue_len", "1000"},
                            {"type", "1"}});
  setup.add_device("tun0", {{"operstate", "down"}, {"flags", "0x10"}, {"mtu", "x"}, {"speed", "-1"}});
  setup.add_device("odd0", {});
  setup.tree.write("sys/class/net/bonding_masters", "bond0\n");

  const auto out = setup.run();
  CHECK(series_of(out, "node_network_up") == 3);
  CHECK(value_of(out, "node_network_up", {{"device", "eth0"}}) == 1.0);
  CHECK(value_of(out, "node_network_up", {{"device", "tun0"}}) == 0.0);
  CHECK(value_of(out, "node_network_info",
                 {{"address", "02:00:00:00:00:01"},
                  {"adminstate", "up"},
                  {"broadcast", "ff:ff:ff:ff:ff:ff"},
                  {"device", "eth0"},
                  {"duplex", "full"},
                  {"ifalias", "uplink"},
                  {"operstate", "up"}}) == 1.0);
  CHECK(value_of(out, "node_network_info",
                 {{"address", ""},
                  {"adminstate", "unknown"},
                  {"broadcast", ""},
                  {"device", "odd0"},
                  {"duplex", ""},
                  {"ifalias", ""},
                  {"operstate", ""}}) == 1.0);
  const std::vector<std::pair<std::string, double>> numbers{{"address_assign_type", 1},
                                                            {"carrier", 1},
                                                            {"carrier_changes_total", 5},
                                                            {"carrier_up_changes_total", 3},
                                                            {"carrier_down_changes_total", 2},
                                                            {"device_id", 32},
                                                            {"dormant", 0},
                                                            {"flags", 4099},
                                                            {"iface_id", 7},
                                                            {"iface_link", 8},
                                                            {"iface_link_mode", 0},
                                                            {"mtu_bytes", 9000},
                                                            {"name_assign_type", 4},
                                                            {"net_dev_group", 0},
                                                            {"speed_bytes", 1.25e9},
                                                            {"transmit_queue_length", 1000},
                                                            {"protocol_type", 1}};
  for (const auto& [name, value] : numbers) {
    INFO(name);
    CHECK(value_of(out, "node_network_" + name, {{"device", "eth0"}}) == value);
  }
  CHECK(series_of(out, "node_network_mtu_bytes") == 1);
  CHECK(value_of(out, "node_network_speed_bytes", {{"device", "tun0"}}) == -125'000.0);
  CHECK(find_family(out, "node_network_carrier_changes_total")->type == prometheus::MetricType::Counter);
  CHECK(find_family(out, "node_network_carrier")->type == prometheus::MetricType::Gauge);
}

TEST_CASE("unknown speeds and whole devices can be left out", "[netclass]") {
  Setup setup;
  setup.add_device("eth0", {{"operstate", "up"}, {"speed", "0"}});
  setup.add_device("tun0", {{"operstate", "down"}, {"speed", "-1"}});
  setup.add_device("veth1", {{"operstate", "up"}, {"speed", "10"}});
  const auto out =
      setup.run({"--collector.netclass.ignore-invalid-speed", "--collector.netclass.ignored-devices=^veth"});
  CHECK(series_of(out, "node_network_up") == 2);
  CHECK(series_of(out, "node_network_speed_bytes") == 1);
  CHECK(value_of(out, "node_network_speed_bytes", {{"device", "eth0"}}) == 0.0);
}

TEST_CASE("a machine without network devices is no failure", "[netclass]") {
  Setup setup;
  setup.tree.make_folder("sys/class/net");
  CHECK(setup.run().families.series() == 0);
}

TEST_CASE("a bad pattern for netclass is an error at the start", "[netclass]") {
  Setup setup;
  CHECK_THROWS_WITH(setup.run({"--collector.netclass.ignored-devices=("}),
                    Catch::StartsWith("--collector.netclass.ignored-devices: bad regular expression"));
}
