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
    REQUIRE(family.metric[0].label.size() == 2);
    CHECK(family.metric[0].label[0].name == "target");
    CHECK(family.metric[0].label[0].value == "db");
    CHECK(family.metric[0].label[1].name == "x");
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
  const auto& all = families.all();
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "b_bytes");
  CHECK(all[0].help == "B.");
  CHECK(all[0].type == MetricType::Gauge);
  REQUIRE(all[0].metric.size() == 2);
  CHECK(all[0].metric[0].gauge.value == 2);
  CHECK(all[0].metric[1].gauge.value == 3);
  CHECK(all[0].metric[1].label[0].name == "device");
  CHECK(all[0].metric[1].label[0].value == "sda");
  CHECK(all[1].type == MetricType::Counter);
  CHECK(all[1].metric[0].counter.value == 1);
  CHECK(all[1].metric[0].label.empty());
  CHECK(all[2].type == MetricType::Untyped);
  CHECK(all[2].metric[0].untyped.value == -0.5);
  REQUIRE(all[2].metric[0].label.size() == 2);
  CHECK(all[2].metric[0].label[1].name == "y");
  CHECK(all[2].metric[0].label[1].value == "two");
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
  REQUIRE(families.all()[0].metric.size() == 2);
  CHECK(families.all()[0].metric[1].gauge.value == 2);
}

TEST_CASE("handles outlive the growth of the list", "[families]") {
  Families families;
  auto first = families.gauge("first", "");
  for (int i = 0; i < 1000; ++i) families.gauge("other_" + std::to_string(i), "");
  first.add(7);
  CHECK(families.all().size() == 1001);
  REQUIRE(families.all()[0].metric.size() == 1);
  CHECK(families.all()[0].metric[0].gauge.value == 7);
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
  CHECK(families.all()[0].metric[0].histogram.sample_count == 3);
  CHECK(families.all()[0].metric[0].label[0].value == "x");
  CHECK(families.all()[1].metric[0].summary.sample_count == 4);
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
  CHECK(families.all()[0].metric.size() == 2);
  CHECK(families.all()[1].metric.size() == 1);
  Families none{0};
  none.gauge("a", "").add(1);
  CHECK(none.series() == 0);
  CHECK(none.dropped_over_cap() == 1);
}
