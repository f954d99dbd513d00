// SPDX-License-Identifier: Apache-2.0
#include "textfile_merge.h"

#include <catch2/catch.hpp>

using binnacle::system::merge_textfiles;
using binnacle::system::MergedTextfiles;
using binnacle::system::parse_textfile;
using binnacle::system::Textfile;
using prometheus::MetricType;

namespace {

MergedTextfiles merge(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<Textfile> parsed;
  for (const auto& [path, text] : files) parsed.push_back({path, parse_textfile(text)});
  return merge_textfiles(std::move(parsed));
}

}  // namespace

TEST_CASE("families of one name from several files are one", "[textfile]") {
  const auto merged = merge({{"a.prom", "# HELP x Text.\n# TYPE x counter\nx{f=\"a\"} 1\n"},
                             {"b.prom", "# HELP x Text.\n# TYPE x counter\nx{f=\"b\"} 2\n"},
                             {"c.prom", "# TYPE x counter\nx 3\n"}});
  CHECK(merged.problems.empty());
  REQUIRE(merged.families.size() == 1);
  CHECK(merged.families[0].help == "Text.");
  CHECK(merged.families[0].type == MetricType::Counter);
  CHECK(merged.families[0].metric.size() == 3);
}

TEST_CASE("a family without HELP names its files, and takes a later one", "[textfile]") {
  CHECK(merge({{"a.prom", "x 1\n"}, {"b.prom", "x{f=\"b\"} 1\n"}}).families[0].help ==
        "From the text file a.prom, b.prom.");
  CHECK(merge({{"a.prom", "x 1\n"}, {"b.prom", "# HELP x Text.\nx{f=\"b\"} 1\n"}}).families[0].help == "Text.");
}

TEST_CASE("what comes first stays when HELP or TYPE differ", "[textfile]") {
  const auto merged = merge({{"a.prom", "# HELP x A.\nx 1\n"},
                             {"b.prom", "y 1\n# HELP x B.\nx{f=\"b\"} 2\nz 1\n"},
                             {"c.prom", "# TYPE x gauge\nx{f=\"c\"} 3\n"},
                             {"d.prom", "# HELP x A.\nx{f=\"d\"} 4\n"}});
  REQUIRE(merged.families.size() == 3);
  CHECK(merged.families[0].name == "x");
  CHECK(merged.families[0].help == "A.");
  CHECK(merged.families[0].metric.size() == 2);
  REQUIRE(merged.problems.size() == 2);
  CHECK(merged.problems[0].path == "b.prom");
  CHECK(merged.problems[0].line == 3);
  CHECK(merged.problems[0].message == "expected the HELP that x has in a.prom, got another");
  CHECK(merged.problems[1].path == "c.prom");
  CHECK(merged.problems[1].message == "expected the TYPE that x has in a.prom, got another");
}

TEST_CASE("a series that was there before is dropped, in one file and across files", "[textfile]") {
  const auto one =
      merge({{"a.prom", "x{a=\"1\",b=\"2\"} 1\nx{b=\"2\",a=\"1\"} 2\nx{a=\"1\",b=\"2\"} 3\nx{a=\"2\",b=\"2\"} 4\n"}});
  REQUIRE(one.families.size() == 1);
  REQUIRE(one.families[0].metric.size() == 2);
  CHECK(one.families[0].metric[0].untyped.value == 1);
  REQUIRE(one.problems.size() == 1);
  CHECK(one.problems[0].line == 2);
  CHECK(one.problems[0].message == "expected each series once, got x{a=\"1\",b=\"2\"} again, and 1 more of such");

  const auto two = merge({{"a.prom", "x{a=\"\"} 1\n"}, {"b.prom", "\nx 2\ny 1\n"}});
  CHECK(two.families.size() == 2);
  CHECK(two.families[0].metric.size() == 1);
  REQUIRE(two.problems.size() == 1);
  CHECK(two.problems[0].path == "b.prom");
  CHECK(two.problems[0].line == 2);
  CHECK(two.problems[0].message == "expected each series once, got x{} again");
}

TEST_CASE("label values cannot be mistaken for one another", "[textfile]") {
  const auto merged =
      merge({{"a.prom", "x{a=\"1,b=2\",b=\"\"} 1\nx{a=\"1\",b=\"2\"} 1\nx{a=\"\",b=\"2\"} 1\nx{a=\"2\",b=\"\"} 1\n"}});
  CHECK(merged.problems.empty());
  CHECK(merged.families[0].metric.size() == 4);
}

TEST_CASE("no family takes the name of a histogram's or summary's part", "[textfile]") {
  const auto after =
      merge({{"a.prom", "# TYPE x histogram\nx_count 1\n"}, {"b.prom", "# TYPE x_sum gauge\nx_sum 1\n"}});
  CHECK(after.families.size() == 1);
  REQUIRE(after.problems.size() == 1);
  CHECK(after.problems[0].message == "expected another name than x_sum, which is a part of x");
  const auto before = merge({{"a.prom", "x_bucket 1\n"}, {"b.prom", "# TYPE x histogram\nx_sum 1\n"}});
  CHECK(before.families.size() == 1);
  REQUIRE(before.problems.size() == 1);
  CHECK(before.problems[0].message == "expected another name than x, one of whose parts is the name x_bucket");
  CHECK(merge({{"a.prom", "x_sum 1\nx 1\n"}}).problems.empty());
}

TEST_CASE("no files are no families", "[textfile]") {
  CHECK(merge({}).families.empty());
  CHECK(merge({{"a.prom", ""}}).families.empty());
}
