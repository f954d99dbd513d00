// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace binnacle::system {

/// What a file of /sys/class/hwmon/<chip> tells of which sensor: fan1_input is the property "input" of the fan 1.
struct SensorFile {
  std::string_view type;
  /// Type and number: "fan1"; "vrm0" where the file has no number.
  std::string sensor;
  std::string_view property;
};

/// Splits a file's name; nothing when it belongs to no sensor.
std::optional<SensorFile> parse_sensor_file(std::string_view name);

/// Lower case, with '_' for what no metric's name has, and none of these at its ends.
std::string clean_name(std::string_view text);

/// The metric of a sensor's property, and how its number becomes one in base units: times `factor`, by `divisor`. Both
/// exist because 0.001 and 1/1000000 are what node_exporter reckons with, to the last digit.
struct SensorMetric {
  std::string name;
  std::string help;
  double factor = 1;
  double divisor = 1;
  bool is_counter = false;
};

/// `has_plain` tells whether the sensor also has a file without a property ("pwm1").
SensorMetric sensor_metric(std::string_view type, std::string_view property, bool has_plain);

}  // namespace binnacle::system
