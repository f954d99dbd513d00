// SPDX-License-Identifier: Apache-2.0
#include "filter_flags.h"

#include <catch2/catch.hpp>
#include <vector>

#include "core/flags.h"

using binnacle::Flags;
using binnacle::system::DeviceFilter;
using binnacle::system::FilterFlags;

namespace {

DeviceFilter compile(const std::vector<const char*>& arguments) {
  FilterFlags filter{{.exclude = "x.exclude", .include = "x.include", .old_exclude = "x.ignored"}, "^loop"};
  Flags flags{"test", "", "1"};
  filter.add_to(flags, "devices");
  std::vector<const char*> command_line{"test"};
  command_line.insert(command_line.end(), arguments.begin(), arguments.end());
  flags.parse(static_cast<int>(command_line.size()), command_line.data());
  return filter.compile();
}

}  // namespace

TEST_CASE("without flags the default leaves out", "[filter_flags]") {
  const auto filter = compile({});
  CHECK(filter.ignores("loop0"));
  CHECK_FALSE(filter.ignores("sda"));
}

TEST_CASE("what to take drops the default of what to leave out", "[filter_flags]") {
  const auto filter = compile({"--x.include=^(loop0|sda)$"});
  CHECK_FALSE(filter.ignores("loop0"));
  CHECK_FALSE(filter.ignores("sda"));
  CHECK(filter.ignores("sdb"));
}

TEST_CASE("the deprecated name of the flag still works", "[filter_flags]") {
  const auto filter = compile({"--x.ignored=^sd"});
  CHECK(filter.ignores("sda"));
  CHECK_FALSE(filter.ignores("loop0"));
}

TEST_CASE("flags that exclude each other are an error that names them", "[filter_flags]") {
  CHECK_THROWS_WITH(compile({"--x.exclude=a", "--x.include=b"}),
                    Catch::Contains("--x.exclude and --x.include exclude each other"));
  CHECK_THROWS_WITH(compile({"--x.exclude=a", "--x.ignored=b"}),
                    "--x.ignored and --x.exclude exclude each other: set one of them");
  CHECK_THROWS_WITH(compile({"--x.ignored=a", "--x.include=b"}), Catch::Contains("exclude each other"));
  CHECK_THROWS_WITH(compile({"--x.exclude=("}), Catch::StartsWith("--x.exclude: bad regular expression"));
}
