// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// The kernel's counters of a block device: a line of /proc/diskstats.
struct DiskStats {
  static constexpr std::size_t kFields = 17;

  std::string_view major;
  std::string_view minor;
  std::string_view device;
  /// In the order of the file: reads, writes (number, merged, sectors, ms), I/O (now, ms, weighted ms), discards as
  /// reads, flushes (number, ms).
  std::array<std::uint64_t, kFields> values{};
  /// How many of them this kernel gave: 11, with discards 15, with flushes 17.
  std::size_t count = 0;
};

/// Reads the text of /proc/diskstats; the views point into it. Lines of old kernels that have fewer fields are left
/// out. Throws std::runtime_error that names the device and the field, also when no line is of use.
std::vector<DiskStats> parse_diskstats(std::string_view text);

/// What udev knows of a block device, from the `E:` lines of its file in /run/udev/data. Empty: not known.
struct UdevDisk {
  std::string model;
  std::string path;
  std::string revision;
  std::string serial;  ///< SCSI_IDENT_SERIAL, else ID_SERIAL_SHORT, else ID_SERIAL
  std::string wwn;

  std::string fs_type;
  std::string fs_usage;
  std::string fs_uuid;
  std::string fs_version;

  std::string dm_name;
  std::string dm_uuid;
  std::string dm_vg_name;
  std::string dm_lv_name;
  std::string dm_lv_layer;

  /// Of ATA disks alone.
  std::optional<double> ata_write_cache;
  std::optional<double> ata_write_cache_enabled;
  std::optional<double> ata_rotation_rate_rpm;
};

/// Reads a file of udev's database. Lines of no use are passed over.
UdevDisk parse_udev_disk(std::string_view text);

}  // namespace binnacle::system
