// SPDX-License-Identifier: Apache-2.0
#include "device_filter.h"

#include <re2/re2.h>

#include <catch2/catch.hpp>
#include <utility>

using binnacle::system::compile_pattern;
using binnacle::system::DeviceFilter;

namespace {

DeviceFilter filter(const std::string& exclude, const std::string& include) {
  return DeviceFilter{exclude, include, "--x.exclude", "--x.include"};
}

}  // namespace

TEST_CASE("a filter without patterns takes every device", "[device_filter]") {
  CHECK_FALSE(filter("", "").ignores("eth0"));
  CHECK_FALSE(filter("", "").ignores(""));
  CHECK_FALSE(DeviceFilter{}.ignores("eth0"));
}

TEST_CASE("exclude leaves out what it matches", "[device_filter]") {
  const auto veths = filter("^(veth|docker)", "");
  CHECK(veths.ignores("veth12ab"));
  CHECK(veths.ignores("docker0"));
  CHECK_FALSE(veths.ignores("eth0"));
}

TEST_CASE("include leaves out what it does not match", "[device_filter]") {
  const auto disks = filter("", "^sd[a-z]$");
  CHECK_FALSE(disks.ignores("sda"));
  CHECK(disks.ignores("sda1"));
  CHECK(disks.ignores("nvme0n1"));
}

TEST_CASE("patterns match anywhere in a name, and bytes that are no ASCII", "[device_filter]") {
  CHECK(filter("th", "").ignores("eth0"));
  CHECK(filter("^\xC3\xBC", "").ignores("\xC3\xBC\x62"));
  CHECK_FALSE(filter("^\xC3\xBC", "").ignores("u"));
}

TEST_CASE("a filter can be moved", "[device_filter]") {
  auto from = filter("^lo$", "");
  const auto to = std::move(from);
  CHECK(to.ignores("lo"));
  CHECK_FALSE(to.ignores("eth0"));
}

TEST_CASE("exclude and include together are an error that names both flags", "[device_filter]") {
  CHECK_THROWS_WITH(filter("a", "b"), "--x.exclude and --x.include exclude each other: set one of them to \"\"");
}

TEST_CASE("a bad pattern is an error that names the flag and the pattern", "[device_filter]") {
  CHECK_THROWS_WITH(filter("(", ""), Catch::StartsWith("--x.exclude: bad regular expression \"(\": "));
  CHECK_THROWS_WITH(filter("", "[z"), Catch::StartsWith("--x.include: bad regular expression \"[z\": "));
  CHECK_THROWS_WITH(compile_pattern("a{2,1}", "--y"), Catch::StartsWith("--y: bad regular expression"));
  CHECK_THROWS_WITH(compile_pattern("a\n(", "--y"), !Catch::Contains("\n"));
  CHECK(re2::RE2::PartialMatch("xaay", *compile_pattern("a{2}", "--y")));
}
