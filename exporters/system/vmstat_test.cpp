// SPDX-License-Identifier: Apache-2.0
#include "vmstat.h"

#include <array>
#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("lines are a name and a number", "[vmstat]") {
  const auto numbers = parse_named_numbers("nr_free_pages 12\nIp6InReceives                   \t7\n\nx -3\n", "vmstat");
  REQUIRE(numbers.size() == 3);
  CHECK(numbers[0].name == "nr_free_pages");
  CHECK(numbers[0].value == 12);
  CHECK(numbers[1].name == "Ip6InReceives");
  CHECK(numbers[1].value == 7);
  CHECK(numbers[2].value == -3);
}

TEST_CASE("an empty file or a line without a number is an error that names the file", "[vmstat]") {
  CHECK_THROWS_WITH(parse_named_numbers("", "vmstat"), "vmstat: the file is empty");
  CHECK_THROWS_WITH(parse_named_numbers("\n\n", "net/snmp6"), "net/snmp6: the file is empty");
  CHECK_THROWS_WITH(parse_named_numbers("a 1\npgpg", "vmstat"), "vmstat: \"pgpg\": expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_named_numbers("a x\n", "vmstat"), "vmstat: \"a\": expected a number, got \"x\"");
}

TEST_CASE("the vmstat collector reports the fields that its pattern picks", "[vmstat]") {
  const TestTree tree;
  tree.write("proc/vmstat", "nr_free_pages 1\npgpgin 2\npswpout 3\npgfault 4\npgmajfault 5\noom_kill 6\n");
  const auto collector = make_vmstat(tree.paths);
  binnacle::Flags flags{"system-exporter", "", "0"};
  collector->add_flags(flags);
  collector->start();
  for (int scrape = 0; scrape < 2; ++scrape) {
    const auto out = collect_once(*collector);
    CHECK(out.families.series() == 5);
    CHECK(find_family(out, "node_vmstat_nr_free_pages") == nullptr);
    CHECK(value_of(out, "node_vmstat_pgmajfault") == 5.0);
    CHECK(value_of(out, "node_vmstat_oom_kill") == 6.0);
    CHECK(find_family(out, "node_vmstat_oom_kill")->type == prometheus::MetricType::Untyped);
  }
}

TEST_CASE("the fields of vmstat can be chosen", "[vmstat]") {
  const TestTree tree;
  tree.write("proc/vmstat", "nr_free_pages 1\npgpgin 2\n");
  const auto collector = make_vmstat(tree.paths);
  binnacle::Flags flags{"system-exporter", "", "0"};
  collector->add_flags(flags);
  SECTION("by another pattern") {
    const std::array arguments{"system-exporter", "--collector.vmstat.fields=^nr_"};
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
    collector->start();
    const auto out = collect_once(*collector);
    CHECK(value_of(out, "node_vmstat_nr_free_pages") == 1.0);
    CHECK(find_family(out, "node_vmstat_pgpgin") == nullptr);
  }
  SECTION("but not by a bad one") {
    const std::array arguments{"system-exporter", "--collector.vmstat.fields=("};
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
    CHECK_THROWS_WITH(collector->start(), Catch::StartsWith("--collector.vmstat.fields: bad regular expression"));
  }
}
