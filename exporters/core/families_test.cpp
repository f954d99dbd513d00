// SPDX-License-Identifier: Apache-2.0
#include "families.h"

#include <catch2/catch.hpp>
#include <string>

using binnacle::Families;
using binnacle::LabelView;
using prometheus::MetricType;

TEST_CASE("every series of a named target carries its label", "[families]") {
  Families families{10, "db"};
  families.gauge("a", "A.").add({{"x", "1"}}, 1);
  prometheus::ClientMetric histogram;
  histogram.label.push_back({"x", "2"});
  families.histogram("h", "H.").add(histogram);
  for (const auto& family : families.all()) {
    REQUIRE(family.series()[0].label.size() == 2);
    CHECK(family.series()[0].label[0].name == "target");
    CHECK(family.series()[0].label[0].value == "db");
    CHECK(family.series()[0].label[1].name == "x");
  }
}

TEST_CASE("families keep their order, type, help and values", "[families]") {
  Families families;
  auto second = families.gauge("b_bytes", "B.");
  families.counter("a_total", "A.").add(1);
  families.untyped("c", "C.").add({{"x", "1"}, {"y", "two"}}, -0.5);
  second.add({{"k", "v"}}, 2);
  const std::string name = "device";
  const std::vector<LabelView> labels{{name, "sda"}};
  second.add(labels, 3);
  const auto all = families.all();
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "b_bytes");
  CHECK(all[0].help == "B.");
  CHECK(all[0].type == MetricType::Gauge);
  REQUIRE(all[0].series().size() == 2);
  CHECK(all[0].series()[0].gauge.value == 2);
  CHECK(all[0].series()[1].gauge.value == 3);
  CHECK(all[0].series()[1].label[0].name == "device");
  CHECK(all[0].series()[1].label[0].value == "sda");
  CHECK(all[1].type == MetricType::Counter);
  CHECK(all[1].series()[0].counter.value == 1);
  CHECK(all[1].series()[0].label.empty());
  CHECK(all[2].type == MetricType::Untyped);
  CHECK(all[2].series()[0].untyped.value == -0.5);
  REQUIRE(all[2].series()[0].label.size() == 2);
  CHECK(all[2].series()[0].label[1].name == "y");
  CHECK(all[2].series()[0].label[1].value == "two");
  CHECK(families.series() == 4);
  CHECK(families.dropped_over_cap() == 0);
}

TEST_CASE("a family is made once; its first type and help stay", "[families]") {
  Families families;
  families.gauge("a", "First.").add(1);
  families.counter("a", "Second.").add(2);
  REQUIRE(families.all().size() == 1);
  CHECK(families.all()[0].help == "First.");
  CHECK(families.all()[0].type == MetricType::Gauge);
  REQUIRE(families.all()[0].series().size() == 2);
  CHECK(families.all()[0].series()[1].gauge.value == 2);
}

TEST_CASE("handles outlive the growth of the list", "[families]") {
  Families families;
  auto first = families.gauge("first", "");
  for (int i = 0; i < 1000; ++i) families.gauge("other_" + std::to_string(i), "");
  first.add(7);
  CHECK(families.all().size() == 1001);
  REQUIRE(families.all()[0].series().size() == 1);
  CHECK(families.all()[0].series()[0].gauge.value == 7);
}

TEST_CASE("histograms and summaries are taken as they are", "[families]") {
  Families families;
  prometheus::ClientMetric metric;
  metric.label = {{"le_free", "x"}};
  metric.histogram.sample_count = 3;
  metric.histogram.sample_sum = 1.5;
  metric.histogram.bucket = {{.cumulative_count = 3, .upper_bound = 1.0}};
  families.histogram("h_seconds", "H.").add(std::move(metric));
  prometheus::ClientMetric summary;
  summary.summary.sample_count = 4;
  families.family("s_seconds", "S.", MetricType::Summary).add(std::move(summary));
  REQUIRE(families.all().size() == 2);
  CHECK(families.all()[0].type == MetricType::Histogram);
  CHECK(families.all()[0].series()[0].histogram.sample_count == 3);
  CHECK(families.all()[0].series()[0].label[0].value == "x");
  CHECK(families.all()[1].series()[0].summary.sample_count == 4);
}

TEST_CASE("series over the cap are dropped and counted, over all families", "[families]") {
  Families families{3};
  auto a = families.gauge("a", "");
  auto b = families.gauge("b", "");
  a.add(1);
  b.add({{"x", "1"}}, 2);
  a.add(3);
  a.add(4);
  b.add(prometheus::ClientMetric{});
  CHECK(families.series() == 3);
  CHECK(families.dropped_over_cap() == 2);
  CHECK(families.all()[0].series().size() == 2);
  CHECK(families.all()[1].series().size() == 1);
  Families none{0};
  none.gauge("a", "").add(1);
  CHECK(none.series() == 0);
  CHECK(none.dropped_over_cap() == 1);
}

namespace {

/// "name{label=value,...} value" of each series, and "help type" of its family.
std::string shown(const Families& families) {
  std::string out;
  for (const auto& family : families.all()) {
    out += family.name + " '" + family.help + "' " + std::to_string(static_cast<int>(family.type)) + ":";
    for (const auto& metric : family.series()) {
      for (const auto& label : metric.label) out += " " + label.name + "=" + label.value;
      out += " " + std::to_string(static_cast<int>(metric.gauge.value + metric.counter.value));
    }
    out += "\n";
  }
  return out;
}

void fill(Families& families, bool with_b, int series) {
  auto a = families.gauge("a", "A.");
  for (int i = 0; i < series; ++i) a.add({{"i", std::to_string(i)}, {"j", "x"}}, i);
  if (with_b) families.gauge("b", "B.").add({{"only", "one"}}, 7);
  families.gauge("c", "C.").add(3);
  families.gauge("a", "Another help.").add(9);
}

}  // namespace

TEST_CASE("families used again are as new ones, whatever the run before them made", "[families]") {
  for (const bool before : {false, true}) {
    for (const bool now : {false, true}) {
      for (const int series : {0, 1, 5, 500}) {
        Families used{1000, "db"};
        fill(used, before, 5);
        used.reset();
        CHECK(used.all().empty());
        CHECK(used.series() == 0);
        fill(used, now, series);
        Families fresh{1000, "db"};
        fill(fresh, now, series);
        CHECK(shown(used) == shown(fresh));
        CHECK(used.series() == fresh.series());
      }
    }
  }
}

TEST_CASE("a family used again takes its new type, help and number of labels", "[families]") {
  Families families;
  prometheus::ClientMetric histogram;
  histogram.label.push_back({"x", "1"});
  histogram.timestamp_ms = 5;
  families.histogram("a", "Old.").add(histogram);
  families.reset();
  families.counter("a", "New.").add(2);
  REQUIRE(families.all().size() == 1);
  CHECK(families.all()[0].help == "New.");
  CHECK(families.all()[0].type == MetricType::Counter);
  REQUIRE(families.all()[0].series().size() == 1);
  CHECK(families.all()[0].series()[0].label.empty());
  CHECK(families.all()[0].series()[0].counter.value == 2);
  CHECK(families.all()[0].series()[0].timestamp_ms == 0);
}
