// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("the time collector reports the clock and its sources", "[time]") {
  const TestTree tree;
  tree.write("sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet \n");
  tree.write("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
  tree.make_folder("sys/devices/system/clocksource/power");
  const auto collector = make_time(tree.paths);
  collector->start();

  const auto before = static_cast<double>(::time(nullptr)) - 1;
  const auto out = collect_once(*collector);
  const auto after = static_cast<double>(::time(nullptr)) + 1;
  const auto now = value_of(out, "node_time_seconds");
  REQUIRE(now);
  CHECK(*now >= before);
  CHECK(*now <= after);

  REQUIRE(series_of(out, "node_time_zone_offset_seconds") == 1);
  const auto& zone = find_family(out, "node_time_zone_offset_seconds")->series().front();
  REQUIRE(zone.label.size() == 1);
  CHECK(zone.label[0].name == "time_zone");
  CHECK_FALSE(zone.label[0].value.empty());

  CHECK(series_of(out, "node_time_clocksource_available_info") == 2);
  CHECK(value_of(out, "node_time_clocksource_available_info", {{"clocksource", "hpet"}, {"device", "0"}}) == 1.0);
  CHECK(value_of(out, "node_time_clocksource_current_info", {{"clocksource", "tsc"}, {"device", "0"}}) == 1.0);
}

TEST_CASE("a machine that shows no clock sources has a time all the same", "[time]") {
  const TestTree tree;
  tree.make_folder("sys/devices/system/clocksource/clocksource0");
  const auto out = collect_once(*make_time(tree.paths));
  CHECK(value_of(out, "node_time_seconds"));
  CHECK(find_family(out, "node_time_clocksource_available_info") == nullptr);
  CHECK(find_family(out, "node_time_clocksource_current_info") == nullptr);
}
