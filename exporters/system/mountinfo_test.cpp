// SPDX-License-Identifier: Apache-2.0
#include "mountinfo.h"

#include <catch2/catch.hpp>

using binnacle::system::parse_mountinfo;
using binnacle::system::strip_rootfs;
using binnacle::system::unescape_octal;

TEST_CASE("a line of mountinfo is a mount", "[mountinfo]") {
  const auto mounts = parse_mountinfo(
      "29 1 259:2 / / rw,relatime shared:1 - ext4 /dev/dm-2 rw,errors=remount-ro\n"
      "48 29 8:3 /sub /mnt/backup\\040disk ro,relatime shared:92 master:7 - nfs4 host:/a\\040b rw,vers=4.2\n"
      "50 29 0:40 / /none rw - tmpfs  rw\n");
  REQUIRE(mounts.size() == 3);
  CHECK(mounts[0].device == "/dev/dm-2");
  CHECK(mounts[0].mount_point == "/");
  CHECK(mounts[0].fstype == "ext4");
  CHECK(mounts[0].major == "259");
  CHECK(mounts[0].minor == "2");
  CHECK_FALSE(mounts[0].read_only);
  CHECK(mounts[1].device == "host:/a\\040b");
  CHECK(mounts[1].mount_point == "/mnt/backup disk");
  CHECK(mounts[1].fstype == "nfs4");
  CHECK(mounts[1].read_only);
  CHECK(mounts[2].device.empty());
}

TEST_CASE("a mount is read-only by its own options or by those of what is mounted", "[mountinfo]") {
  const auto read_only = [](const std::string& options, const std::string& super_options) {
    return parse_mountinfo("1 0 8:1 / / " + options + " - ext4 /dev/sda1 " + super_options + "\n").front().read_only;
  };
  CHECK(read_only("ro,relatime", "rw"));
  CHECK(read_only("rw", "rw,ro"));
  CHECK(read_only("rw", "rw,emergency_ro"));
  CHECK_FALSE(read_only("rw,emergency_ro", "rw"));
  CHECK_FALSE(read_only("rw,relatime", "rw,errors=remount-ro"));
  CHECK_FALSE(read_only("rw,root", "rw,rox"));
}

TEST_CASE("options with blanks in them stay with the mount", "[mountinfo]") {
  const auto mounts = parse_mountinfo("1 0 0:50 / /m rw shared:1 - overlay overlay rw,lowerdir=/a b - c,ro\n");
  REQUIRE(mounts.size() == 1);
  CHECK(mounts[0].device == "overlay");
  CHECK(mounts[0].read_only);
}

TEST_CASE("a cut, empty or strange mountinfo is an error that names the line", "[mountinfo]") {
  const std::string good = "29 1 259:2 / / rw shared:1 - ext4 /dev/dm-2 rw\n";
  CHECK_THROWS_WITH(parse_mountinfo(""), "mountinfo: expected at least one mount, got nothing");
  CHECK_THROWS_WITH(parse_mountinfo("\n"),
                    "mountinfo: line 1: expected a device number like 8:1 in the third field, got \"\"");
  CHECK_THROWS_WITH(parse_mountinfo(good + "29 1 259 / / rw - ext4 /dev/dm-2 rw"),
                    "mountinfo: line 2: expected a device number like 8:1 in the third field, got \"259\"");
  CHECK_THROWS_WITH(parse_mountinfo(good + "29 1 a:b / / rw - ext4 /dev/dm-2 rw"),
                    "mountinfo: line 2: expected a device number like 8:1 in the third field, got \"a:b\"");
  CHECK_THROWS_WITH(parse_mountinfo("29 1 8:1 /"),
                    "mountinfo: line 1: expected a mount point in the fifth field, got \"29 1 8:1 /\"");
  CHECK_THROWS_WITH(
      parse_mountinfo("29 1 8:1 / / rw shared:1"),
      "mountinfo: line 1: expected \" - \" before the file system's type, got \"29 1 8:1 / / rw shared:1\"");
  CHECK_THROWS_WITH(parse_mountinfo("29 1 8:1 / / rw - ext4 /dev/sda1"),
                    "mountinfo: line 1: expected type, source and options after \" - \", got "
                    "\"29 1 8:1 / / rw - ext4 /dev/sda1\"");
  CHECK_THROWS_WITH(parse_mountinfo("29 1 8:1 / / rw -  /dev/sda1 rw"),
                    "mountinfo: line 1: expected type, source and options after \" - \", got "
                    "\"29 1 8:1 / / rw -  /dev/sda1 rw\"");
}

TEST_CASE("octal escapes are undone, and nothing else", "[mountinfo]") {
  CHECK(unescape_octal("/a\\040b\\011c\\012d\\134e") == "/a b\tc\nd\\e");
  CHECK(unescape_octal("\\377") == "\xFF");
  CHECK(unescape_octal("\\400\\08\\04") == "\\400\\08\\04");
  CHECK(unescape_octal("\\") == "\\");
  CHECK(unescape_octal("") == "");
}

TEST_CASE("the host's root is taken off mount points", "[mountinfo]") {
  CHECK(strip_rootfs("/host", "/host") == "/");
  CHECK(strip_rootfs("/host/media/disk", "/host") == "/media/disk");
  CHECK(strip_rootfs("/run/lock", "/host") == "/run/lock");
  CHECK(strip_rootfs("/", "/") == "/");
  CHECK(strip_rootfs("/media", "/") == "/media");
}
