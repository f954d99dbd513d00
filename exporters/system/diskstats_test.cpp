// SPDX-License-Identifier: Apache-2.0
#include "diskstats.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using binnacle::Flags;
using binnacle::NotApplicable;
using namespace binnacle::system;

namespace {

constexpr auto kDisks =
    "   8       0 sda 1000 20 4096 500 300 40 8192 900 2 1500 1400 60 7 512 30 11 22\n"
    "   8       1 sda1 1 0 8 1 0 0 0 0 0 1 1\n"
    " 253       0 dm-0 10 0 80 5 6 0 48 7 0 8 12 0 0 0 0\n"
    "   7       0 loop0 5 0 40 1 0 0 0 0 0 1 1\n";

}  // namespace

TEST_CASE("diskstats has 11, 15 or 17 numbers a device", "[diskstats]") {
  const auto disks = parse_diskstats(kDisks);
  REQUIRE(disks.size() == 4);
  CHECK(disks[0].device == "sda");
  CHECK(disks[0].major == "8");
  CHECK(disks[0].minor == "0");
  CHECK(disks[0].count == 17);
  CHECK(disks[0].values[0] == 1000);
  CHECK(disks[0].values[16] == 22);
  CHECK(disks[1].count == 11);
  CHECK(disks[2].count == 15);
}

TEST_CASE("lines of old kernels with fewer numbers and numbers of later kernels are passed over", "[diskstats]") {
  const auto disks = parse_diskstats("3 0 hda1 1 2 3 4\n8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 later\n");
  REQUIRE(disks.size() == 1);
  CHECK(disks[0].count == 17);
}

TEST_CASE("a cut or strange diskstats is an error that names the device and the field", "[diskstats]") {
  CHECK_THROWS_WITH(parse_diskstats(""), "diskstats: expected a line of 14 fields or more, got \"\"");
  CHECK_THROWS_WITH(parse_diskstats("8 0 sda 1 2\n"),
                    "diskstats: expected a line of 14 fields or more, got \"8 0 sda 1 2?\"");
  CHECK_THROWS_WITH(parse_diskstats("8 0 sda 1 2 x 4 5 6 7 8 9 10 11\n"),
                    "diskstats: \"sda\": expected a number in field 6, got \"x\"");
  CHECK_THROWS_WITH(parse_diskstats("a 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"),
                    "diskstats: \"sda\": expected a device number, got \"a\"");
  CHECK_THROWS_WITH(parse_diskstats("8 0 sda 1 2 -3 4 5 6 7 8 9 10 11\n"),
                    "diskstats: \"sda\": expected a number in field 6, got \"-3\"");
}

TEST_CASE("udev tells of a disk in its E lines", "[diskstats]") {
  const auto disk = parse_udev_disk(
      "S:disk/by-id/ata-MODEL\nE:ID_ATA=1\nE:ID_MODEL=ACME_DISK\nE:ID_PATH=pci-0000:00:1f.2-ata-1\nE:ID_REVISION=0102\n"
      "E:ID_WWN=0x5000\nE:ID_SERIAL=ACME_DISK_S1\nE:ID_SERIAL_SHORT=S1\nE:ID_ATA_WRITE_CACHE=1\n"
      "E:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\n"
      "E:ID_FS_UUID=u=1\nE:ID_FS_VERSION=1.0\nE:NOVALUE\nG:systemd\n");
  CHECK(disk.model == "ACME_DISK");
  CHECK(disk.path == "pci-0000:00:1f.2-ata-1");
  CHECK(disk.revision == "0102");
  CHECK(disk.wwn == "0x5000");
  CHECK(disk.serial == "S1");
  CHECK(disk.ata_write_cache == 1);
  CHECK(disk.ata_write_cache_enabled == 0);
  CHECK(disk.ata_rotation_rate_rpm == 7200);
  CHECK(disk.fs_type == "ext4");
  CHECK(disk.fs_usage == "filesystem");
  CHECK(disk.fs_uuid == "u=1");
  CHECK(disk.fs_version == "1.0");
  CHECK(disk.dm_name.empty());
}

TEST_CASE("the serial number on the disk's label comes first", "[diskstats]") {
  CHECK(parse_udev_disk("E:ID_SERIAL=long\nE:SCSI_IDENT_SERIAL=label\nE:ID_SERIAL_SHORT=short\n").serial == "label");
  CHECK(parse_udev_disk("E:ID_SERIAL=long\nE:SCSI_IDENT_SERIAL=\n").serial == "long");
  CHECK(parse_udev_disk("").serial.empty());
}

TEST_CASE("what is no ATA disk, or no number, has no ATA values", "[diskstats]") {
  CHECK_FALSE(parse_udev_disk("E:ID_ATA_WRITE_CACHE=1\n").ata_write_cache);
  CHECK_FALSE(parse_udev_disk("E:ID_ATA=\nE:ID_ATA_WRITE_CACHE=1\n").ata_write_cache);
  CHECK_FALSE(parse_udev_disk("E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=yes\n").ata_write_cache);
}

TEST_CASE("disks have their counters in base units, and an info series", "[diskstats]") {
  const TestTree tree;
  tree.write("proc/diskstats", kDisks);
  tree.write("sys/block/sda/queue/rotational", "1\n");
  tree.write("udev/b8:0",
             "E:ID_MODEL=ACME\nE:ID_SERIAL=S1\nE:ID_ATA=1\nE:ID_ATA_ROTATION_RATE_RPM=7200\nE:ID_FS_TYPE=xfs\n");
  tree.write("udev/b253:0", "E:DM_NAME=vg-root\nE:DM_UUID=LVM-1\nE:DM_VG_NAME=vg\nE:DM_LV_NAME=root\nE:DM_LV_LAYER=\n");
  const auto collector = make_diskstats(tree.paths);
  Flags flags{"test", "", "1"};
  collector->add_flags(flags);
  collector->start();
  const auto out = collect_once(*collector);

  CHECK(value_of(out, "node_disk_reads_completed_total", {{"device", "sda"}}) == 1000);
  CHECK(value_of(out, "node_disk_read_bytes_total", {{"device", "sda"}}) == 4096 * 512);
  CHECK(value_of(out, "node_disk_read_time_seconds_total", {{"device", "sda"}}) == 0.5);
  CHECK(value_of(out, "node_disk_io_now", {{"device", "sda"}}) == 2);
  CHECK(value_of(out, "node_disk_discarded_sectors_total", {{"device", "sda"}}) == 512);
  CHECK(value_of(out, "node_disk_flush_requests_time_seconds_total", {{"device", "sda"}}) == Approx(0.022));
  CHECK(series_of(out, "node_disk_reads_completed_total") == 2);  // not sda1 and loop0
  CHECK(series_of(out, "node_disk_discards_completed_total") == 2);
  CHECK(series_of(out, "node_disk_flush_requests_total") == 1);
  CHECK(find_family(out, "node_disk_io_now")->type == prometheus::MetricType::Gauge);
  CHECK(find_family(out, "node_disk_reads_completed_total")->type == prometheus::MetricType::Counter);

  CHECK(value_of(out, "node_disk_info",
                 {{"device", "sda"},
                  {"major", "8"},
                  {"minor", "0"},
                  {"model", "ACME"},
                  {"path", ""},
                  {"revision", ""},
                  {"rotational", "1"},
                  {"serial", "S1"},
                  {"wwn", ""}}) == 1);
  CHECK(value_of(out, "node_disk_info",
                 {{"device", "dm-0"},
                  {"major", "253"},
                  {"minor", "0"},
                  {"model", ""},
                  {"path", ""},
                  {"revision", ""},
                  {"rotational", "0"},
                  {"serial", ""},
                  {"wwn", ""}}) == 1);
  CHECK(value_of(out, "node_disk_filesystem_info",
                 {{"device", "sda"}, {"type", "xfs"}, {"usage", ""}, {"uuid", ""}, {"version", ""}}) == 1);
  CHECK(value_of(out, "node_disk_device_mapper_info",
                 {{"device", "dm-0"},
                  {"lv_layer", ""},
                  {"lv_name", "root"},
                  {"name", "vg-root"},
                  {"uuid", "LVM-1"},
                  {"vg_name", "vg"}}) == 1);
  CHECK(value_of(out, "node_disk_ata_rotation_rate_rpm", {{"device", "sda"}}) == 7200);
  CHECK(series_of(out, "node_disk_ata_write_cache") == 0);
}

TEST_CASE("udev's file is read again when it changes or another device has the name", "[diskstats]") {
  const TestTree tree;
  const auto model = [&](binnacle::Collector& collector, const std::string& minor, const std::string& name) {
    return value_of(collect_once(collector), "node_disk_info",
                    {{"device", "sdb"},
                     {"major", "8"},
                     {"minor", minor},
                     {"model", name},
                     {"path", ""},
                     {"revision", ""},
                     {"rotational", "0"},
                     {"serial", ""},
                     {"wwn", ""}});
  };
  const auto collector = make_diskstats(tree.paths);
  collector->start();
  tree.write("proc/diskstats", "8 16 sdb 1 2 3 4 5 6 7 8 9 10 11\n");
  CHECK(model(*collector, "16", "") == 1);
  tree.write("udev/b8:16", "E:ID_MODEL=FIRST\n");
  CHECK(model(*collector, "16", "FIRST") == 1);
  tree.write("udev/b8:16", "E:ID_MODEL=OTHER_MODEL\n");
  CHECK(model(*collector, "16", "OTHER_MODEL") == 1);
  tree.write("proc/diskstats", "8 32 sdb 1 2 3 4 5 6 7 8 9 10 11\n");
  CHECK(model(*collector, "32", "") == 1);
}

TEST_CASE("device names with a slash have another folder in sysfs", "[diskstats]") {
  const TestTree tree;
  tree.write("proc/diskstats", "104 0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11\n");
  tree.write("sys/block/cciss!c0d0/queue/rotational", "1\n");
  const auto collector = make_diskstats(tree.paths);
  collector->start();
  const auto out = collect_once(*collector);
  REQUIRE(series_of(out, "node_disk_info") == 1);
  CHECK(find_family(out, "node_disk_info")->series()[0].label[6].value == "1");
}

TEST_CASE("without block devices there is nothing to collect", "[diskstats]") {
  const TestTree tree;
  const auto collector = make_diskstats(tree.paths);
  collector->start();
  CHECK_THROWS_AS(collect_once(*collector), NotApplicable);
  tree.write("proc/diskstats", "");
  CHECK_THROWS_AS(collect_once(*collector), NotApplicable);
}
