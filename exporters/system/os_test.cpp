// SPDX-License-Identifier: Apache-2.0
#include "os.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("os-release has keys and values, quoted as a shell would", "[os]") {
  auto os = parse_os_release(
      "# a comment\n\nNAME=\"Some Linux\"\nID=some\nSINGLE='a \"b\" \\c'\nESCAPED=\"a \\\"b\\\" \\$c\"\nBARE=x # more\n"
      "EMPTY=\nOPEN=\"no end \nno key\n=value\nBAD KEY=1\nHASH=a#b\n  PADDED = y \nID=again\n");
  CHECK(os["NAME"] == "Some Linux");
  CHECK(os["ID"] == "again");
  CHECK(os["SINGLE"] == "a \"b\" \\c");
  CHECK(os["ESCAPED"] == "a \"b\" $c");
  CHECK(os["BARE"] == "x");
  CHECK(os["EMPTY"].empty());
  CHECK(os["OPEN"] == "no end");
  CHECK(os["HASH"] == "a#b");
  CHECK(os["PADDED"] == "y");
  CHECK(os.count("BAD KEY") == 0);
  CHECK(os.count("") == 0);
}

TEST_CASE("an os-release without a single key is an error", "[os]") {
  CHECK_THROWS_WITH(parse_os_release(""), "os-release: no line of the form KEY=value");
  CHECK_THROWS_WITH(parse_os_release("# NAME=x\n\x01\x02=3\n"), "os-release: no line of the form KEY=value");
}

TEST_CASE("the version is the major and the minor number", "[os]") {
  CHECK(parse_os_version("12") == 12.0);
  CHECK(parse_os_version("20.04") == 20.04);
  CHECK(parse_os_version("3.18.4") == 3.18);
  CHECK(parse_os_version("15-SP5") == 15.0);
  CHECK(parse_os_version("7.") == 7.0);
  CHECK_FALSE(parse_os_version("rolling"));
  CHECK_FALSE(parse_os_version(""));
  CHECK_FALSE(parse_os_version(".5"));
}

TEST_CASE("a day is seconds since 1970", "[os]") {
  CHECK(parse_date("1970-01-02") == 86'400.0);
  CHECK(parse_date("2028-06-30") == 1'845'936'000.0);
  for (const auto* bad : {"", "2028-6-30", "2028/06/30", "2028-02-30", "2028-13-01", "20x8-06-30", "2028-06-300"}) {
    CHECK_FALSE(parse_date(bad));
  }
}

TEST_CASE("the os collector reads the file below the root that it is given", "[os]") {
  const TestTree tree;
  const auto collector = make_os(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("root/usr/lib/os-release", "ID=fallback\n");
  auto out = collect_once(*collector);
  CHECK(series_of(out, "node_os_info") == 1);
  CHECK(find_family(out, "node_os_version") == nullptr);
  CHECK(find_family(out, "node_os_support_end_timestamp_seconds") == nullptr);

  tree.write("root/etc/os-release",
             "PRETTY_NAME=\"Some Linux 12\"\nNAME=\"Some Linux\"\nID=some\nID_LIKE=debian\nVERSION_ID=\"12.4\"\n"
             "VERSION=\"12 (name)\"\nVERSION_CODENAME=name\nSUPPORT_END=2028-06-30\nBUILD_ID=b\nIMAGE_ID=i\n"
             "IMAGE_VERSION=iv\nVARIANT=v\nVARIANT_ID=vi\n");
  out = collect_once(*collector);
  CHECK(value_of(out, "node_os_info",
                 {{"build_id", "b"},
                  {"id", "some"},
                  {"id_like", "debian"},
                  {"image_id", "i"},
                  {"image_version", "iv"},
                  {"name", "Some Linux"},
                  {"pretty_name", "Some Linux 12"},
                  {"variant", "v"},
                  {"variant_id", "vi"},
                  {"version", "12 (name)"},
                  {"version_codename", "name"},
                  {"version_id", "12.4"}}) == 1.0);
  CHECK(value_of(out, "node_os_version", {{"id", "some"}, {"id_like", "debian"}, {"name", "Some Linux"}}) == 12.4);
  CHECK(value_of(out, "node_os_support_end_timestamp_seconds") == 1'845'936'000.0);
}
