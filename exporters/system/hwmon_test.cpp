// SPDX-License-Identifier: Apache-2.0
#include "hwmon.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using binnacle::Flags;
using binnacle::NotApplicable;
using namespace binnacle::system;

TEST_CASE("names of sensor files have a type, a number and a property", "[hwmon]") {
  const auto parts = [](std::string_view name) {
    const auto file = parse_sensor_file(name);
    return file ? std::string{file->type} + '|' + file->sensor + '|' + std::string{file->property} : "none";
  };
  CHECK(parts("fan1_input") == "fan|fan1|input");
  CHECK(parts("temp12_crit_alarm") == "temp|temp12|crit_alarm");
  CHECK(parts("pwm1_auto_point1_pwm") == "pwm|pwm1|auto_point1_pwm");
  CHECK(parts("pwm1") == "pwm|pwm1|");
  CHECK(parts("in0_min") == "in|in0|min");
  CHECK(parts("temp01_max") == "temp|temp1|max");
  CHECK(parts("vrm") == "vrm|vrm0|");
  CHECK(parts("beep_enable") == "beep_enable|beep_enable0|");
  CHECK(parts("update_interval") == "update_interval|update_interval0|");
  for (const auto* name : {"", "name", "device", "uevent", "1_input", "fan1input", "fan1_", "fan_input", "temp_crit",
                           "fan99999999999999999999_input", "fan9999999999999999999_input"}) {
    CHECK(parts(name) == "none");
  }
}

TEST_CASE("names are cleaned for labels and metrics", "[hwmon]") {
  CHECK(clean_name("Coretemp.0") == "coretemp_0");
  CHECK(clean_name("__0000:00:1f.3--") == "0000:00:1f_3");
  CHECK(clean_name("--") == "");
  CHECK(clean_name("\xC3\xA4") == "");
}

TEST_CASE("a property's metric has its unit", "[hwmon]") {
  const auto check = [](std::string_view type, std::string_view property, const std::string& name, double scale) {
    const auto metric = sensor_metric(type, property, false);
    CHECK(metric.name == name);
    CHECK(metric.factor / metric.divisor == scale);
    CHECK(metric.is_counter == (type == "energy" && property == "input"));
  };
  check("temp", "input", "node_hwmon_temp_celsius", 0.001);
  check("temp", "crit_alarm", "node_hwmon_temp_crit_alarm_celsius", 0.001);
  check("temp", "type", "node_hwmon_temp_type", 1);
  check("temp", "alarm", "node_hwmon_temp_alarm", 1);
  check("temp", "fault", "node_hwmon_temp_fault", 1);
  check("fan", "beep", "node_hwmon_fan_beep_enabled", 1);
  check("fan", "input", "node_hwmon_fan_rpm", 1);
  check("fan", "target", "node_hwmon_fan_target_rpm", 1);
  check("fan", "div", "node_hwmon_fan_div", 1);
  check("in", "max", "node_hwmon_in_max_volts", 0.001);
  check("cpu", "vid", "node_hwmon_cpu_vid_volts", 0.001);
  check("curr", "input", "node_hwmon_curr_amps", 0.001);
  check("energy", "input", "node_hwmon_energy_joule_total", 1e-6);
  check("power", "input", "node_hwmon_power_watt", 1e-6);
  check("power", "accuracy", "node_hwmon_power_accuracy", 1e-6);
  check("power", "average_interval", "node_hwmon_power_average_interval_seconds", 0.001);
  check("power", "average_interval_max", "node_hwmon_power_average_interval_max_seconds", 0.001);
  check("humidity", "input", "node_hwmon_humidity", 1e-6);
  check("freq", "input", "node_hwmon_freq_freq_mhz", 1e-6);
  check("freq", "max", "node_hwmon_freq_max", 1);
  check("pwm", "", "node_hwmon_pwm", 1);
  CHECK(sensor_metric("pwm", "input", true).name == "node_hwmon_pwm_input");
}

namespace {

binnacle::Output scrape(const TestTree& tree, std::vector<const char*> arguments = {}) {
  const auto collector = make_hwmon(tree.paths);
  Flags flags{"test", "", "1"};
  collector->add_flags(flags);
  arguments.insert(arguments.begin(), "test");
  flags.parse(static_cast<int>(arguments.size()), arguments.data());
  collector->start();
  return collect_once(*collector);
}

/// A chip in the place where its device is, with a link from the class, as sysfs has it.
void make_chip(const TestTree& tree, const std::string& device, const std::string& hwmon) {
  tree.make_folder("sys/devices/" + device + "/hwmon/" + hwmon);
  std::filesystem::create_directory_symlink("../../",
                                            tree.paths.sys("devices/" + device + "/hwmon/" + hwmon + "/device"));
  tree.make_folder("sys/class/hwmon");
  std::filesystem::create_directory_symlink("../../devices/" + device + "/hwmon/" + hwmon,
                                            tree.paths.sys("class/hwmon/" + hwmon));
}

}  // namespace

TEST_CASE("sensors of a chip", "[hwmon]") {
  const TestTree tree;
  make_chip(tree, "platform/coretemp.0", "hwmon0");
  const auto set = [&](const std::string& name, const std::string& text) {
    tree.write("sys/class/hwmon/hwmon0/" + name, text);
  };
  set("name", "coretemp\n");
  set("temp1_input", "55000\n");
  set("temp1_label", "Package id 0\n");
  set("temp1_max", "broken\n");
  set("fan1_input", "1200\n");
  set("pwm1", "128\n");
  set("beep_enable", "1\n");
  set("vrm", "110\n");
  set("update_interval", "1500\n");
  set("freq1_input", "300000000\n");
  set("freq1_label", "sclk\n");
  set("freq2_input", "200000000\n");
  set("energy1_input", "2500000\n");
  set("uevent", "X\n");
  tree.write("sys/devices/platform/coretemp.0/in0_input", "792\n");  // drivers of old
  const auto out = scrape(tree);
  const std::string chip = "platform_coretemp_0";
  CHECK(value_of(out, "node_hwmon_chip_names", {{"chip", chip}, {"chip_name", "coretemp"}}) == 1);
  CHECK(value_of(out, "node_hwmon_temp_celsius", {{"chip", chip}, {"sensor", "temp1"}}) == 55);
  CHECK(value_of(out, "node_hwmon_sensor_label", {{"chip", chip}, {"label", "Package id 0"}, {"sensor", "temp1"}}) ==
        1);
  CHECK(series_of(out, "node_hwmon_temp_max_celsius") == 0);
  CHECK(value_of(out, "node_hwmon_fan_rpm", {{"chip", chip}, {"sensor", "fan1"}}) == 1200);
  CHECK(value_of(out, "node_hwmon_pwm", {{"chip", chip}, {"sensor", "pwm1"}}) == 128);
  CHECK(value_of(out, "node_hwmon_beep_enabled", {{"chip", chip}, {"sensor", "beep_enable0"}}) == 1);
  CHECK(value_of(out, "node_hwmon_voltage_regulator_version", {{"chip", chip}, {"sensor", "vrm0"}}) == 110);
  CHECK(value_of(out, "node_hwmon_update_interval_seconds", {{"chip", chip}, {"sensor", "update_interval0"}}) == 1.5);
  CHECK(value_of(out, "node_hwmon_freq_freq_mhz", {{"chip", chip}, {"sensor", "sclk"}}) == 300);
  CHECK(series_of(out, "node_hwmon_freq_freq_mhz") == 1);
  CHECK(value_of(out, "node_hwmon_energy_joule_total", {{"chip", chip}, {"sensor", "energy1"}}) == 2.5);
  CHECK(value_of(out, "node_hwmon_in_volts", {{"chip", chip}, {"sensor", "in0"}}) == Approx(0.792));
}

TEST_CASE("chips without a device are named by their name, or else by their folder", "[hwmon]") {
  const TestTree tree;
  tree.write("sys/class/hwmon/hwmon1/name", "NCT-6779\n");
  tree.write("sys/class/hwmon/hwmon1/temp1_input", "1000\n");
  tree.write("sys/class/hwmon/hwmon2/temp1_input", "2000\n");
  const auto out = scrape(tree);
  CHECK(value_of(out, "node_hwmon_temp_celsius", {{"chip", "nct_6779"}, {"sensor", "temp1"}}) == 1);
  CHECK(value_of(out, "node_hwmon_temp_celsius", {{"chip", "hwmon2"}, {"sensor", "temp1"}}) == 2);
  CHECK(series_of(out, "node_hwmon_chip_names") == 1);
}

TEST_CASE("several chips of one device are told apart", "[hwmon]") {
  const TestTree tree;
  make_chip(tree, "platform/wmi", "hwmon1");
  make_chip(tree, "platform/wmi", "hwmon2");
  make_chip(tree, "platform/wmi", "hwmon3");
  for (const auto* chip : {"hwmon1", "hwmon2", "hwmon3"}) {
    tree.write("sys/class/hwmon/" + std::string{chip} + "/temp1_input", "1000\n");
  }
  tree.write("sys/class/hwmon/hwmon1/name", "fans\n");
  tree.write("sys/class/hwmon/hwmon2/name", "same\n");
  tree.write("sys/class/hwmon/hwmon3/name", "same\n");
  const auto out = scrape(tree);
  CHECK(value_of(out, "node_hwmon_temp_celsius", {{"chip", "platform_wmi_fans"}, {"sensor", "temp1"}}) == 1);
  CHECK(value_of(out, "node_hwmon_temp_celsius", {{"chip", "platform_wmi_hwmon2"}, {"sensor", "temp1"}}) == 1);
  CHECK(value_of(out, "node_hwmon_temp_celsius", {{"chip", "platform_wmi_hwmon3"}, {"sensor", "temp1"}}) == 1);
}

TEST_CASE("flags choose chips and sensors", "[hwmon]") {
  const TestTree tree;
  for (const auto* chip : {"a", "b"}) {
    tree.write(std::string{"sys/class/hwmon/"} + chip + "/name", chip);
    tree.write(std::string{"sys/class/hwmon/"} + chip + "/temp1_input", "1000\n");
    tree.write(std::string{"sys/class/hwmon/"} + chip + "/temp2_input", "1000\n");
  }
  CHECK(series_of(scrape(tree), "node_hwmon_temp_celsius") == 4);
  CHECK(series_of(scrape(tree, {"--collector.hwmon.chip-include=a"}), "node_hwmon_temp_celsius") == 2);
  CHECK(series_of(scrape(tree, {"--collector.hwmon.chip-exclude=."}), "node_hwmon_chip_names") == 0);
  const auto out = scrape(tree, {"--collector.hwmon.sensor-exclude=^a;temp2$"});
  CHECK(series_of(out, "node_hwmon_temp_celsius") == 3);
  CHECK_FALSE(value_of(out, "node_hwmon_temp_celsius", {{"chip", "a"}, {"sensor", "temp2"}}));
}

TEST_CASE("links that lead nowhere and files that are too long do no harm", "[hwmon]") {
  const TestTree tree;
  tree.make_folder("sys/class/hwmon");
  std::filesystem::create_directory_symlink("../../gone", tree.paths.sys("class/hwmon/hwmon0"));
  tree.write("sys/class/hwmon/hwmon1/temp1_input", std::string(100'000, '1'));
  tree.write("sys/class/hwmon/hwmon1/temp2_input", "1000\n");
  tree.write("sys/class/hwmon/stray", "x");
  const auto out = scrape(tree);
  CHECK(series_of(out, "node_hwmon_temp_celsius") == 1);
}

TEST_CASE("a host without sensors has nothing to collect", "[hwmon]") {
  const TestTree tree;
  CHECK_THROWS_AS(scrape(tree), NotApplicable);
}
