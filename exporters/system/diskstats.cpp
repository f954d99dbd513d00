// SPDX-License-Identifier: Apache-2.0
#include "diskstats.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "collectors.h"
#include "core/file.h"
#include "core/file_stamp.h"
#include "core/text.h"
#include "filter_flags.h"
#include "source.h"

namespace binnacle::system {

namespace {

constexpr auto kDefaultExclude = R"(^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";

constexpr std::size_t kLeastFields = 11;
constexpr double kSector = 512;
constexpr double kMillisecond = 1.0 / 1000.0;

struct Column {
  std::string_view name;
  std::string_view help;
  double unit = 1;
  bool is_gauge = false;
};

constexpr std::array<Column, DiskStats::kFields> kColumns{{
    {"node_disk_reads_completed_total", "Reads that the device has completed, from /proc/diskstats."},
    {"node_disk_reads_merged_total", "Reads merged with an adjacent one before they went out, from /proc/diskstats."},
    {"node_disk_read_bytes_total", "Bytes read, from the sectors of 512 bytes in /proc/diskstats.", kSector},
    {"node_disk_read_time_seconds_total", "Seconds that all reads took together, from /proc/diskstats.", kMillisecond},
    {"node_disk_writes_completed_total", "Writes that the device has completed, from /proc/diskstats."},
    {"node_disk_writes_merged_total", "Writes merged with an adjacent one before they went out, from /proc/diskstats."},
    {"node_disk_written_bytes_total", "Bytes written, from the sectors of 512 bytes in /proc/diskstats.", kSector},
    {"node_disk_write_time_seconds_total", "Seconds that all writes took together, from /proc/diskstats.",
     kMillisecond},
    {"node_disk_io_now", "Requests that are under way, from /proc/diskstats.", 1, true},
    {"node_disk_io_time_seconds_total", "Seconds in which a request was under way, from /proc/diskstats.",
     kMillisecond},
    {"node_disk_io_time_weighted_seconds_total",
     "Seconds with a request under way, times the number of requests, from /proc/diskstats.", kMillisecond},
    {"node_disk_discards_completed_total", "Discards (TRIM) that the device has completed, from /proc/diskstats."},
    {"node_disk_discards_merged_total", "Discards merged with an adjacent one, from /proc/diskstats."},
    {"node_disk_discarded_sectors_total", "Sectors of 512 bytes discarded, from /proc/diskstats."},
    {"node_disk_discard_time_seconds_total", "Seconds that all discards took together, from /proc/diskstats.",
     kMillisecond},
    {"node_disk_flush_requests_total", "Flushes of the write cache that were completed, from /proc/diskstats."},
    {"node_disk_flush_requests_time_seconds_total", "Seconds that all flushes took together, from /proc/diskstats.",
     kMillisecond},
}};

/// Where the text of a udev property goes.
struct UdevField {
  std::string_view property;
  std::string UdevDisk::*member;
};

constexpr std::array<UdevField, 13> kUdevFields{{{"ID_MODEL", &UdevDisk::model},
                                                 {"ID_PATH", &UdevDisk::path},
                                                 {"ID_REVISION", &UdevDisk::revision},
                                                 {"ID_WWN", &UdevDisk::wwn},
                                                 {"ID_FS_TYPE", &UdevDisk::fs_type},
                                                 {"ID_FS_USAGE", &UdevDisk::fs_usage},
                                                 {"ID_FS_UUID", &UdevDisk::fs_uuid},
                                                 {"ID_FS_VERSION", &UdevDisk::fs_version},
                                                 {"DM_NAME", &UdevDisk::dm_name},
                                                 {"DM_UUID", &UdevDisk::dm_uuid},
                                                 {"DM_VG_NAME", &UdevDisk::dm_vg_name},
                                                 {"DM_LV_NAME", &UdevDisk::dm_lv_name},
                                                 {"DM_LV_LAYER", &UdevDisk::dm_lv_layer}}};

constexpr std::array<std::pair<std::string_view, std::optional<double> UdevDisk::*>, 3> kAtaFields{
    {{"ID_ATA_WRITE_CACHE", &UdevDisk::ata_write_cache},
     {"ID_ATA_WRITE_CACHE_ENABLED", &UdevDisk::ata_write_cache_enabled},
     {"ID_ATA_ROTATION_RATE_RPM", &UdevDisk::ata_rotation_rate_rpm}}};

/// The best first.
constexpr std::array<std::string_view, 3> kSerials{"SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"};

}  // namespace

std::vector<DiskStats> parse_diskstats(std::string_view text) {
  std::vector<DiskStats> disks;
  const auto whole = text;
  while (auto line = next_line(text)) {
    DiskStats disk;
    disk.major = next_field(*line);
    disk.minor = next_field(*line);
    disk.device = next_field(*line);
    for (auto field = next_field(*line); !field.empty() && disk.count < disk.values.size(); field = next_field(*line)) {
      const auto value = to_u64(field);
      if (!value) {
        throw std::runtime_error("diskstats: " + quoted(disk.device) + ": expected a number in field " +
                                 std::to_string(disk.count + 4) + ", got " + quoted(field));
      }
      disk.values[disk.count++] = *value;
    }
    if (disk.count < kLeastFields) continue;
    if (!to_u64(disk.major) || !to_u64(disk.minor)) {
      throw std::runtime_error("diskstats: " + quoted(disk.device) + ": expected a device number, got " +
                               quoted(disk.major));
    }
    disks.push_back(disk);
  }
  if (disks.empty()) throw std::runtime_error("diskstats: expected a line of 14 fields or more, got " + quoted(whole));
  return disks;
}

UdevDisk parse_udev_disk(std::string_view text) {
  UdevDisk disk;
  std::array<std::string_view, kSerials.size()> serials;
  bool is_ata = false;
  while (auto line = next_line(text)) {
    if (!line->starts_with("E:")) continue;
    line->remove_prefix(2);
    const auto property = take_until(*line, '=');
    const auto value = *line;
    for (const auto& field : kUdevFields) {
      if (field.property == property) disk.*field.member = value;
    }
    for (const auto& [name, member] : kAtaFields) {
      if (name == property) disk.*member = to_double(value);
    }
    for (std::size_t i = 0; i < kSerials.size(); ++i) {
      if (kSerials[i] == property) serials[i] = value;
    }
    if (property == "ID_ATA") is_ata = !value.empty();
  }
  const auto* serial = std::find_if(serials.begin(), serials.end(), [](auto found) { return !found.empty(); });
  if (serial != serials.end()) disk.serial = *serial;
  if (!is_ata) {
    for (const auto& [name, member] : kAtaFields) (disk.*member).reset();
  }
  return disk;
}

namespace {

class DiskstatsCollector final : public Collector {
 public:
  explicit DiskstatsCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override { filter_flags_.add_to(flags, "block devices"); }
  void start() override { filter_ = filter_flags_.compile(); }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto text = read_source(paths_.proc("diskstats"), buffer_);
    if (text.empty()) throw NotApplicable("diskstats: this system has no block devices");
    const auto disks = parse_diskstats(text);
    std::array<std::optional<Family>, DiskStats::kFields> families;
    for (const auto& disk : disks) {
      const Device& device = device_of(disk);
      if (device.ignored) continue;
      write_info(out.families, disk, device.udev);
      for (std::size_t i = 0; i < disk.count; ++i) {
        if (!families[i]) families[i] = make_family(out.families, kColumns[i]);
        families[i]->add({{"device", disk.device}}, static_cast<double>(disk.values[i]) * kColumns[i].unit);
      }
    }
  }

 private:
  struct Device {
    bool ignored = false;
    std::string number;
    FileStamp stamp;  ///< of the file that `udev` was read from
    UdevDisk udev;
  };

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  /// What is known of a device. Its udev file is read again only when it is another than in the last scrape.
  const Device& device_of(const DiskStats& disk) {
    auto known = devices_.find(disk.device);
    if (known == devices_.end()) {
      // Names of devices that are long gone would pile up for ever.
      if (devices_.size() >= kKnownDevicesLimit) devices_.clear();
      known = devices_
                  .emplace(std::string{disk.device},
                           Device{.ignored = filter_.ignores(disk.device), .number = {}, .stamp = {}, .udev = {}})
                  .first;
    }
    Device& device = known->second;
    if (device.ignored) return device;
    path_.assign("b").append(disk.major).append(":").append(disk.minor);
    const auto path = paths_.udev(path_);
    const auto stamp = file_stamp(path);
    if (stamp == device.stamp && path_ == device.number) return device;
    const auto text = try_read_file(path, udev_buffer_);
    device.udev = text ? parse_udev_disk(*text) : UdevDisk{};
    device.stamp = stamp;
    device.number = path_;
    return device;
  }

  static Family make_family(Families& families, const Column& column) {
    return column.is_gauge ? families.gauge(column.name, column.help) : families.counter(column.name, column.help);
  }

  /// 1 for a disk that turns; 0 also when that is not known, as node_exporter has it.
  [[nodiscard]] std::string_view rotational(std::string_view device) {
    path_.assign("block/").append(device);
    std::replace(path_.begin() + 6, path_.end(), '/', '!');  // "cciss/c0d0" is the folder cciss!c0d0
    path_.append("/queue/rotational");
    const auto text = try_read_file(paths_.sys(path_), udev_buffer_);
    return text && trim(*text) == "1" ? "1" : "0";
  }

  void write_info(Families& families, const DiskStats& disk, const UdevDisk& udev) {
    families.gauge("node_disk_info", "1 for each block device, with what udev and /sys/block say of it.")
        .add({{"device", disk.device},
              {"major", disk.major},
              {"minor", disk.minor},
              {"model", udev.model},
              {"path", udev.path},
              {"revision", udev.revision},
              {"rotational", rotational(disk.device)},
              {"serial", udev.serial},
              {"wwn", udev.wwn}},
             1);
    if (!udev.fs_type.empty()) {
      families.gauge("node_disk_filesystem_info", "1 for each block device with a file system on it, from udev.")
          .add({{"device", disk.device},
                {"type", udev.fs_type},
                {"usage", udev.fs_usage},
                {"uuid", udev.fs_uuid},
                {"version", udev.fs_version}},
               1);
    }
    if (!udev.dm_name.empty()) {
      families.gauge("node_disk_device_mapper_info", "1 for each device of the device mapper, from udev.")
          .add({{"device", disk.device},
                {"lv_layer", udev.dm_lv_layer},
                {"lv_name", udev.dm_lv_name},
                {"name", udev.dm_name},
                {"uuid", udev.dm_uuid},
                {"vg_name", udev.dm_vg_name}},
               1);
    }
    const auto write_ata = [&](std::string_view name, std::string_view help, const std::optional<double>& value) {
      if (value) families.gauge(name, help).add({{"device", disk.device}}, *value);
    };
    write_ata("node_disk_ata_write_cache", "1 for an ATA disk that has a write cache, from udev.",
              udev.ata_write_cache);
    write_ata("node_disk_ata_write_cache_enabled", "1 for an ATA disk whose write cache is in use, from udev.",
              udev.ata_write_cache_enabled);
    write_ata("node_disk_ata_rotation_rate_rpm", "Turns a minute of an ATA disk, 0 for an SSD, from udev.",
              udev.ata_rotation_rate_rpm);
  }

  static constexpr std::size_t kKnownDevicesLimit = 10'000;

  const Paths& paths_;
  FilterFlags filter_flags_{{.exclude = "collector.diskstats.device-exclude",
                             .include = "collector.diskstats.device-include",
                             .old_exclude = "collector.diskstats.ignored-devices"},
                            kDefaultExclude};
  DeviceFilter filter_;
  std::string buffer_;
  std::string udev_buffer_;
  std::string path_;
  std::unordered_map<std::string, Device, Hash, std::equal_to<>> devices_;
};

}  // namespace

std::unique_ptr<Collector> make_diskstats(const Paths& paths) { return std::make_unique<DiskstatsCollector>(paths); }

}  // namespace binnacle::system
