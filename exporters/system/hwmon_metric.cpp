// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "core/text.h"
#include "hwmon.h"

namespace binnacle::system {

namespace {

constexpr std::array<std::string_view, 14> kTypes{"beep_enable",     "cpu", "curr",      "energy", "fan", "freq",
                                                  "humidity",        "in",  "intrusion", "power",  "pwm", "temp",
                                                  "update_interval", "vrm"};

enum class Prefix { none, milli, micro };

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// How the numbers of one type of sensor are named.
struct Unit {
  std::string_view suffix;
  std::string_view what;
  Prefix prefix = Prefix::none;
  bool is_counter = false;
};

Unit unit_of(std::string_view type, std::string_view property) {
  if (property == "fault" || property == "alarm") return {"", "1 when the sensor reports it"};
  if (property == "beep") return {"_enabled", "1 when the sensor may beep"};
  if (type == "in" || type == "cpu") return {"_volts", "Voltage", Prefix::milli};
  if (type == "temp" && property != "type") return {"_celsius", "Temperature", Prefix::milli};
  if (type == "curr") return {"_amps", "Current", Prefix::milli};
  if (type == "energy") return {"_joule_total", "Energy used so far", Prefix::micro, true};
  if (type == "power") {
    if (property == "accuracy") return {"", "Accuracy of the power meter, as a ratio", Prefix::micro};
    if (property == "average_interval" || property == "average_interval_min" || property == "average_interval_max") {
      return {"_seconds", "Time over which power is averaged", Prefix::milli};
    }
    return {"_watt", "Power", Prefix::micro};
  }
  if (type == "humidity") return {"", "Relative humidity, as a ratio", Prefix::micro};
  if (type == "fan" && (property == "input" || property == "min" || property == "max" || property == "target")) {
    return {"_rpm", "Turns of the fan a minute"};
  }
  if (type == "freq" && property == "input") return {"_freq_mhz", "Clock frequency in MHz", Prefix::micro};
  return {"", "As the driver gives it"};
}

}  // namespace

std::optional<SensorFile> parse_sensor_file(std::string_view name) {
  const auto digits =
      std::min(static_cast<std::size_t>(std::find_if(name.begin(), name.end(), is_digit) - name.begin()), name.size());
  SensorFile file{.type = name.substr(0, digits), .sensor = {}, .property = {}};
  if (std::find(kTypes.begin(), kTypes.end(), file.type) == kTypes.end()) return std::nullopt;
  auto rest = name.substr(digits);
  const auto number_end = std::min(rest.find_first_not_of("0123456789"), rest.size());
  std::uint64_t number = 0;
  if (number_end > 0) {
    const auto parsed = to_u64(rest.substr(0, number_end));
    if (!parsed || *parsed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    number = *parsed;
  }
  rest.remove_prefix(number_end);
  if (!rest.empty()) {
    if (rest.front() != '_' || rest.size() == 1) return std::nullopt;
    file.property = rest.substr(1);
  }
  file.sensor.append(file.type).append(std::to_string(number));
  return file;
}

std::string clean_name(std::string_view text) {
  std::string name;
  name.reserve(text.size());
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    name += (lower >= 'a' && lower <= 'z') || is_digit(lower) || lower == ':' ? lower : '_';
  }
  const auto first = name.find_first_not_of('_');
  if (first == std::string::npos) return {};
  return name.substr(first, name.find_last_not_of('_') - first + 1);
}

SensorMetric sensor_metric(std::string_view type, std::string_view property, bool has_plain) {
  const Unit unit = unit_of(type, property);
  SensorMetric metric;
  if (unit.prefix == Prefix::milli) metric.factor = 0.001;
  if (unit.prefix == Prefix::micro) metric.divisor = 1e6;
  metric.is_counter = unit.is_counter;
  metric.name = "node_hwmon_" + std::string{type};
  if (property == "input") {
    if (has_plain) metric.name += "_input";
  } else if (!property.empty()) {
    metric.name += '_' + clean_name(property);
  }
  metric.name += unit.suffix;
  metric.help = std::string{unit.what} + ", from /sys/class/hwmon/<chip>/" + std::string{type} + "<number>";
  if (!property.empty()) metric.help += '_' + std::string{property};
  metric.help += '.';
  return metric;
}

}  // namespace binnacle::system
