// SPDX-License-Identifier: Apache-2.0
// Disks, mounts, RAID, sensors and NVMe: files of /proc, /sys and udev.
#include <string>

#include "fuzz.h"
#include "system/diskstats.h"
#include "system/hwmon.h"
#include "system/mdstat.h"
#include "system/mountinfo.h"
#include "system/nvme.h"
#include "system/textfile.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle::fuzz;
  using namespace binnacle::system;
  const auto text = as_text(data, size);
  accepts([&] {
    for (const auto& disk : parse_diskstats(text)) {
      require(disk.count >= 11 && disk.count <= DiskStats::kFields, "a disk has from 11 to 17 fields");
    }
  });
  parse_udev_disk(text);
  accepts([&] {
    for (const auto& problem : parse_mdstat(text).problems) {
      require(problem.find('\n') == std::string::npos, "a problem is one line");
    }
  });
  accepts([&] {
    for (const auto& mount : parse_mountinfo(text)) strip_rootfs(mount.mount_point, "/host");
  });
  require(unescape_octal(text).size() <= text.size(), "undoing escapes makes nothing longer");
  strip_rootfs(text, "/");
  strip_rootfs("/host", text);
  if (const auto sensor = parse_sensor_file(text)) {
    sensor_metric(sensor->type, sensor->property, false);
    sensor_metric(sensor->type, sensor->property, true);
  }
  const auto clean = clean_name(text);
  require(clean_name(clean) == clean, "a clean name stays as it is");
  nvme_namespace_id(text);
  const auto tidy = tidy_path(std::string{text});
  require(tidy_path(tidy) == tidy, "a tidy path stays as it is");
  return 0;
}
