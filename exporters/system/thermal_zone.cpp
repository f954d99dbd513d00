// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

namespace {

constexpr std::string_view kZone = "thermal_zone";
constexpr std::string_view kCooling = "cooling_device";

/// The number behind `kind` in a folder's name; nothing when the folder is of another kind.
std::optional<std::string_view> number_of(std::string_view folder, std::string_view kind) {
  if (!folder.starts_with(kind)) return std::nullopt;
  folder.remove_prefix(kind.size());
  if (folder.empty() || folder.front() < '0' || folder.front() > '9') return std::nullopt;
  return folder;
}

class ThermalZoneCollector final : public Collector {
 public:
  explicit ThermalZoneCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto root = paths_.sys("class/thermal");
    const auto folders = try_list_directory(root);
    if (!folders) throw NotApplicable(root + " is absent: no thermal zones");
    for (const auto& folder : *folders) {
      const auto path = root + '/' + folder + '/';
      if (const auto zone = number_of(folder, kZone)) write_zone(out.families, path, *zone);
      if (const auto device = number_of(folder, kCooling)) write_cooling_device(out.families, path, *device);
    }
  }

 private:
  std::optional<std::int64_t> number(const std::string& path) {
    const auto text = try_read_file(path, buffer_);
    return text ? to_i64(trim(*text)) : std::nullopt;
  }

  /// A zone whose sensor is off cannot be read, and has no temperature.
  void write_zone(Families& families, const std::string& path, std::string_view zone) {
    const auto temperature = number(path + "temp");
    if (!temperature) return;
    families.gauge("node_thermal_zone_temp", "Temperature of the zone in degrees Celsius, from /sys/class/thermal.")
        .add({{"type", try_read_line(path + "type").value_or("")}, {"zone", zone}},
             static_cast<double>(*temperature) / 1000.0);
  }

  void write_cooling_device(Families& families, const std::string& path, std::string_view name) {
    const auto type = try_read_line(path + "type");
    const auto most = number(path + "max_state");
    const auto now = number(path + "cur_state");
    if (!type || !most || !now) return;
    families
        .gauge("node_cooling_device_cur_state",
               "How much the cooling device cools, from 0 to its most; -1 when not known; from /sys/class/thermal.")
        .add({{"name", name}, {"type", *type}}, static_cast<double>(*now));
    families
        .gauge("node_cooling_device_max_state", "The most that the cooling device can cool, from /sys/class/thermal.")
        .add({{"name", name}, {"type", *type}}, static_cast<double>(*most));
  }

  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_thermal_zone(const Paths& paths) {
  return std::make_unique<ThermalZoneCollector>(paths);
}

}  // namespace binnacle::system
