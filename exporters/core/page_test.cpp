// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include <catch2/catch.hpp>

#include "exposition.h"

using binnacle::Dropped;
using binnacle::Families;
using binnacle::Page;

namespace {

std::shared_ptr<Families> source() { return std::make_shared<Families>(); }

std::string text_of(const Page& page) {
  std::string out;
  binnacle::text_exposition().write(page, out);
  return out;
}

}  // namespace

TEST_CASE("families come out sorted by name, series in their own order", "[page]") {
  auto one = source();
  one->gauge("b", "B.").add({{"x", "2"}}, 2);
  one->gauge("b", "B.").add({{"x", "1"}}, 1);
  auto two = source();
  two->counter("a_total", "A.").add(7);
  CHECK(text_of(Page{{one, two}}) ==
        "# HELP a_total A.\n# TYPE a_total counter\na_total 7\n"
        "# HELP b B.\n# TYPE b gauge\nb{x=\"2\"} 2\nb{x=\"1\"} 1\n");
}

TEST_CASE("a duplicate series is dropped and counted, the first one stays", "[page]") {
  auto one = source();
  one->gauge("g", "G.").add({{"x", "1"}, {"y", "2"}}, 1);
  auto two = source();
  two->gauge("g", "Other help.").add({{"y", "2"}, {"x", "1"}}, 99);             // the order of labels does not matter
  two->gauge("g", "Other help.").add({{"y", "2"}, {"x", "1"}, {"z", ""}}, 98);  // an empty label is no label
  two->gauge("g", "Other help.").add({{"x", "3"}}, 3);
  std::vector<Dropped> dropped;
  const Page page{{one, two}, &dropped};
  CHECK(text_of(page) == "# HELP g G.\n# TYPE g gauge\ng{x=\"1\",y=\"2\"} 1\ng{x=\"3\"} 3\n");
  CHECK(dropped[0].duplicate == 0);
  CHECK(dropped[1].duplicate == 2);
}

TEST_CASE("malformed series are dropped and counted", "[page]") {
  auto bad = source();
  bad->gauge("0bad", "Bad name.").add(1);
  bad->gauge("", "No name.").add(1);
  bad->gauge("has space", "Bad name.").add(1);
  bad->gauge("ok", "Fine.").add({{"0label", "x"}}, 1);
  bad->gauge("ok", "Fine.").add({{"__reserved", "x"}}, 1);
  bad->gauge("ok", "Fine.").add({{"a", "x"}, {"a", "y"}}, 1);
  bad->gauge("ok", "Fine.").add({{"", "x"}}, 1);
  bad->gauge("ok", "Fine.").add({{"good", "x"}}, 1);
  auto other = source();
  other->counter("ok", "Another type.").add({{"good", "z"}}, 1);
  std::vector<Dropped> dropped;
  const Page page{{bad, other}, &dropped};
  CHECK(text_of(page) == "# HELP ok Fine.\n# TYPE ok gauge\nok{good=\"x\"} 1\n");
  CHECK(dropped[0].malformed == 7);
  CHECK(dropped[1].malformed == 1);
}

TEST_CASE("a histogram may not bring its own le", "[page]") {
  auto one = source();
  prometheus::ClientMetric metric;
  metric.label = {{"le", "1"}};
  one->histogram("h", "H.").add(metric);
  std::vector<Dropped> dropped;
  CHECK(Page({one}, &dropped).families().empty());
  CHECK(dropped[0].malformed == 1);
}

TEST_CASE("labels that are no UTF-8 are repaired, and what then is a duplicate is dropped", "[page]") {
  auto one = source();
  one->gauge("g", "G.").add({{"mount", "/a\xFF"}}, 1);
  one->gauge("g", "G.").add({{"mount", "/a\xFE"}}, 2);
  one->gauge("g", "G.").add({{"mount", "/\xC3\xA9"}}, 3);
  std::vector<Dropped> dropped;
  const Page page{{one}, &dropped};
  CHECK(text_of(page) == "# HELP g G.\n# TYPE g gauge\ng{mount=\"/a\xEF\xBF\xBD\"} 1\ng{mount=\"/\xC3\xA9\"} 3\n");
  CHECK(dropped[0].duplicate == 1);
}

TEST_CASE("many series of one family keep those that differ", "[page]") {
  auto one = source();
  for (int i = 0; i < 2000; ++i) one->gauge("g", "G.").add({{"i", std::to_string(i % 1000)}}, i);
  std::vector<Dropped> dropped;
  const Page page{{one}, &dropped};
  CHECK(page.series() == 1000);
  CHECK(dropped[0].duplicate == 1000);
  CHECK(page.families().front().series.front()->gauge.value == 0);
}

TEST_CASE("series over a collector's cap are counted", "[families]") {
  Families families{2};
  auto gauge = families.gauge("g", "G.");
  for (int i = 0; i < 5; ++i) gauge.add({{"i", std::to_string(i)}}, i);
  CHECK(families.series() == 2);
  CHECK(families.dropped_over_cap() == 3);
  CHECK(families.all().front().series().size() == 2);
}
