// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using binnacle::NotApplicable;
using namespace binnacle::system;

TEST_CASE("thermal zones and cooling devices", "[thermal_zone]") {
  const TestTree tree;
  const auto set = [&](const std::string& name, const std::string& text) {
    tree.write("sys/class/thermal/" + name, text);
  };
  set("thermal_zone0/type", "x86_pkg_temp\n");
  set("thermal_zone0/temp", "45500\n");
  set("thermal_zone1/type", "broken\n");
  set("thermal_zone1/temp", "warm\n");
  set("thermal_zone2/type", "off\n");
  set("thermal_zone3/temp", "-5000\n");
  set("cooling_device0/type", "Processor\n");
  set("cooling_device0/cur_state", "2\n");
  set("cooling_device0/max_state", "10\n");
  set("cooling_device1/type", "intel_powerclamp\n");
  set("cooling_device1/cur_state", "-1\n");
  set("cooling_device1/max_state", "50\n");
  set("cooling_device2/type", "gone\n");
  set("thermal_zone/temp", "1\n");
  set("thermal_zonex/temp", "1\n");
  const auto out = collect_once(*make_thermal_zone(tree.paths));
  CHECK(value_of(out, "node_thermal_zone_temp", {{"type", "x86_pkg_temp"}, {"zone", "0"}}) == 45.5);
  CHECK(value_of(out, "node_thermal_zone_temp", {{"type", ""}, {"zone", "3"}}) == -5);
  CHECK(series_of(out, "node_thermal_zone_temp") == 2);
  CHECK(value_of(out, "node_cooling_device_cur_state", {{"name", "0"}, {"type", "Processor"}}) == 2);
  CHECK(value_of(out, "node_cooling_device_max_state", {{"name", "0"}, {"type", "Processor"}}) == 10);
  CHECK(value_of(out, "node_cooling_device_cur_state", {{"name", "1"}, {"type", "intel_powerclamp"}}) == -1);
  CHECK(series_of(out, "node_cooling_device_cur_state") == 2);
}

TEST_CASE("a host without thermal zones has nothing to collect", "[thermal_zone]") {
  const TestTree tree;
  CHECK_THROWS_AS(collect_once(*make_thermal_zone(tree.paths)), NotApplicable);
}
