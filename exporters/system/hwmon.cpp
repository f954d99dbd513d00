// SPDX-License-Identifier: Apache-2.0
#include "hwmon.h"

#include <climits>
#include <cstdlib>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text.h"
#include "filter_flags.h"

namespace binnacle::system {

namespace {

/// No attribute of a sensor is longer.
constexpr std::size_t kAttributeLimit = 4096;

using Properties = std::map<std::string, std::string, std::less<>>;
using Sensors = std::map<std::string, Properties, std::less<>>;

/// Where a path leads once all links in it are followed; empty when nowhere.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> resolved{::realpath(path.c_str(), nullptr), ::free};
  return resolved ? resolved.get() : std::string{};
}

/// Takes the last element off `path`.
std::string_view take_last_element(std::string_view& path) {
  const auto slash = path.rfind('/');
  const auto element = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  return element;
}

/// hwmon0, hwmon1 ... change from boot to boot; the place of the device behind them does not.
std::string stable_name(const std::string& folder, std::string_view chip_name) {
  const auto device = real_path(folder + "/device");
  std::string_view rest = device;
  const auto device_name = clean_name(take_last_element(rest));
  const auto device_type = clean_name(take_last_element(rest));
  if (!device_name.empty()) return device_type.empty() ? device_name : device_type + '_' + device_name;
  if (auto name = clean_name(chip_name); !name.empty()) return name;
  const auto real = real_path(folder);
  rest = real;
  return clean_name(take_last_element(rest));
}

struct Chip {
  std::string folder;
  std::string folder_name;  ///< hwmon0
  std::string chip_name;    ///< what the file `name` says
  std::string label;
};

class HwmonCollector final : public Collector {
 public:
  explicit HwmonCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    chip_flags_.add_to(flags, "chips");
    sensor_flags_.add_to(flags, "sensors, written as chip;sensor,");
  }

  void start() override {
    chip_filter_ = chip_flags_.compile();
    sensor_filter_ = sensor_flags_.compile();
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto root = paths_.sys("class/hwmon");
    const auto folders = try_list_directory(root);
    if (!folders) throw NotApplicable(root + " is absent: no hardware sensors");
    for (const auto& chip : find_chips(root, *folders)) {
      if (chip_filter_.ignores(chip.label)) continue;
      write_chip(out.families, chip);
    }
  }

 private:
  static std::vector<Chip> find_chips(const std::string& root, const std::vector<std::string>& folders) {
    std::vector<Chip> chips;
    std::unordered_map<std::string, int> labels;
    std::unordered_map<std::string, int> labels_with_names;
    for (const auto& folder : folders) {
      Chip chip{.folder = root + '/' + folder, .folder_name = folder, .chip_name = {}, .label = {}};
      chip.chip_name = try_read_line(chip.folder + "/name").value_or("");
      chip.label = stable_name(chip.folder, chip.chip_name);
      if (chip.label.empty()) continue;
      ++labels[chip.label];
      ++labels_with_names[chip.label + '\n' + chip.chip_name];
      chips.push_back(std::move(chip));
    }
    // Several chips of one device: their own names tell them apart, or else their folders.
    for (auto& chip : chips) {
      if (labels[chip.label] == 1) continue;
      auto suffix = clean_name(chip.chip_name);
      if (suffix.empty() || labels_with_names[chip.label + '\n' + chip.chip_name] > 1)
        suffix = clean_name(chip.folder_name);
      chip.label += '_' + suffix;
    }
    return chips;
  }

  void write_chip(Families& families, const Chip& chip) {
    Sensors sensors;
    if (!read_sensors(chip.folder, sensors)) {
      log::debug("hwmon chip left out", {{"folder", chip.folder}});
      return;
    }
    read_sensors(chip.folder + "/device", sensors);  // where drivers of old had their files
    if (const auto name = clean_name(chip.chip_name); !name.empty()) {
      families.gauge("node_hwmon_chip_names", "1 for each chip with a name, from /sys/class/hwmon/<chip>/name.")
          .add({{"chip", chip.label}, {"chip_name", name}}, 1);
    }
    for (const auto& [sensor, properties] : sensors) {
      if (!sensor_filter_.ignores(chip.label + ';' + sensor)) write_sensor(families, chip.label, sensor, properties);
    }
  }

  /// False when there is no such folder.
  bool read_sensors(const std::string& folder, Sensors& sensors) {
    const auto names = try_list_directory(folder);
    if (!names) return false;
    for (const auto& name : *names) {
      const auto file = parse_sensor_file(name);
      if (!file) continue;
      path_.assign(folder).append("/").append(name);
      try {
        const auto text = try_read_file(path_, buffer_, kAttributeLimit);
        if (text) sensors[file->sensor].insert_or_assign(std::string{file->property}, std::string{trim(*text)});
      } catch (const std::exception& error) {
        log::debug("hwmon sensor left out", {{"error", error.what()}});
      }
    }
    return true;
  }

  void write_sensor(Families& families, std::string_view chip, const std::string& sensor,
                    const Properties& properties) {
    const auto type = parse_sensor_file(sensor)->type;
    const auto label = properties.find("label");
    if (label != properties.end()) {
      families.gauge("node_hwmon_sensor_label", "1 for each sensor with a label, from /sys/class/hwmon/<chip>/*_label.")
          .add({{"chip", chip}, {"label", label->second}, {"sensor", sensor}}, 1);
    }
    const auto plain = properties.find("");
    if (type == "beep_enable" || type == "vrm" || type == "update_interval") {
      write_setting(families, chip, sensor, type, plain == properties.end() ? "" : plain->second);
      return;
    }
    for (const auto& [property, text] : properties) {
      if (property == "label") continue;
      const auto value = to_double(text);
      if (!value) continue;
      std::string sensor_label = sensor;
      if (type == "freq" && property == "input") {
        if (label == properties.end()) continue;
        sensor_label = clean_name(label->second);
      }
      const auto& metric = metric_of(type, property, plain != properties.end());
      auto family =
          metric.is_counter ? families.counter(metric.name, metric.help) : families.gauge(metric.name, metric.help);
      family.add({{"chip", chip}, {"sensor", sensor_label}}, *value * metric.factor / metric.divisor);
    }
  }

  /// What a chip has once, and not for each of its sensors.
  static void write_setting(Families& families, std::string_view chip, std::string_view sensor, std::string_view type,
                            std::string_view text) {
    const std::initializer_list<LabelView> labels{{"chip", chip}, {"sensor", sensor}};
    const auto value = to_double(text);
    if (type == "beep_enable") {
      families.gauge("node_hwmon_beep_enabled", "1 when the chip may beep, from /sys/class/hwmon/<chip>/beep_enable.")
          .add(labels, text == "1" ? 1 : 0);
    } else if (value && type == "vrm") {
      families
          .gauge("node_hwmon_voltage_regulator_version",
                 "Version of the voltage regulator, from /sys/class/hwmon/<chip>/vrm.")
          .add(labels, *value);
    } else if (value) {
      families
          .gauge("node_hwmon_update_interval_seconds",
                 "How often the chip measures, from /sys/class/hwmon/<chip>/update_interval.")
          .add(labels, *value * 0.001);
    }
  }

  const SensorMetric& metric_of(std::string_view type, const std::string& property, bool has_plain) {
    key_.assign(type).append(has_plain ? "+" : "-").append(property);
    const auto known = metrics_.find(key_);
    if (known != metrics_.end()) return known->second;
    return metrics_.emplace(key_, sensor_metric(type, property, has_plain)).first->second;
  }

  const Paths& paths_;
  FilterFlags chip_flags_{
      {.exclude = "collector.hwmon.chip-exclude", .include = "collector.hwmon.chip-include", .old_exclude = {}}};
  FilterFlags sensor_flags_{
      {.exclude = "collector.hwmon.sensor-exclude", .include = "collector.hwmon.sensor-include", .old_exclude = {}}};
  DeviceFilter chip_filter_;
  DeviceFilter sensor_filter_;
  std::string buffer_;
  std::string path_;
  std::string key_;
  std::unordered_map<std::string, SensorMetric> metrics_;
};

}  // namespace

std::unique_ptr<Collector> make_hwmon(const Paths& paths) { return std::make_unique<HwmonCollector>(paths); }

}  // namespace binnacle::system
