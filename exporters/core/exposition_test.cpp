// SPDX-License-Identifier: Apache-2.0
#include "exposition.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "gzip.h"
#include "negotiation.h"
#include "query.h"

using binnacle::Families;
using binnacle::Page;

namespace {

std::string number(double value) {
  std::string out;
  binnacle::append_number(value, out);
  return out;
}

std::string write(const binnacle::Exposition& exposition, const std::shared_ptr<Families>& families) {
  std::string out;
  exposition.write(Page{{families}}, out);
  return out;
}

prometheus::ClientMetric histogram() {
  prometheus::ClientMetric metric;
  metric.label = {{"op", "get"}};
  metric.histogram.bucket = {{1, 0.5}, {3, 1}};
  metric.histogram.sample_count = 4;
  metric.histogram.sample_sum = 2.25;
  return metric;
}

prometheus::ClientMetric summary() {
  prometheus::ClientMetric metric;
  metric.summary.quantile = {{0.5, 0.1}, {1, 3}};
  metric.summary.sample_count = 4;
  metric.summary.sample_sum = 2.25;
  return metric;
}

}  // namespace

TEST_CASE("numbers are short and read back equal", "[exposition]") {
  CHECK(number(0) == "0");
  CHECK(number(100000) == "100000");
  CHECK(number(-3) == "-3");
  CHECK(number(0.1 + 0.2) == "0.30000000000000004");
  CHECK(number(0.0005) == "0.0005");
  CHECK(number(0.0001) == "0.0001");
  CHECK(number(-0.0025) == "-0.0025");
  CHECK(number(0.00001) == "1e-05");
  CHECK(number(0.000025) == "2.5e-05");
  CHECK(number(0.1234567890123456) == "0.1234567890123456");
  CHECK(number(123456789.5) == "123456789.5");
  CHECK(number(1e21) == "1e+21");
  CHECK(number(9007199254740992.0) == "9007199254740992");
  CHECK(number(1e300) == "1e+300");
  CHECK(number(std::nan("")) == "NaN");
  CHECK(number(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "-Inf");
}

TEST_CASE("the text format escapes what it must", "[exposition]") {
  auto families = std::make_shared<Families>();
  families->gauge("g", "A \"help\" with \\ and\nnewline.").add({{"path", "C:\\dir\n\"x\""}}, 1.5);
  CHECK(write(binnacle::text_exposition(), families) ==
        "# HELP g A \"help\" with \\\\ and\\nnewline.\n# TYPE g gauge\ng{path=\"C:\\\\dir\\n\\\"x\\\"\"} 1.5\n");
  CHECK(write(binnacle::openmetrics_exposition(), families) ==
        "# HELP g A \\\"help\\\" with \\\\ and\\nnewline.\n# TYPE g gauge\n"
        "g{path=\"C:\\\\dir\\n\\\"x\\\"\"} 1.5\n# EOF\n");
}

TEST_CASE("OpenMetrics keeps every series' name, whatever its type is called", "[exposition]") {
  auto families = std::make_shared<Families>();
  families->counter("a_total", "A.").add(1);
  families->counter("b", "B.").add(2);
  families->untyped("c", "C.").add(3);
  CHECK(write(binnacle::openmetrics_exposition(), families) ==
        "# HELP a A.\n# TYPE a counter\na_total 1\n# HELP b B.\n# TYPE b unknown\nb 2\n"
        "# HELP c C.\n# TYPE c unknown\nc 3\n# EOF\n");
  CHECK(write(binnacle::text_exposition(), families) ==
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n# HELP b B.\n# TYPE b counter\nb 2\n"
        "# HELP c C.\n# TYPE c untyped\nc 3\n");
}

TEST_CASE("histograms end with +Inf, sum and count", "[exposition]") {
  auto families = std::make_shared<Families>();
  families->histogram("h", "H.").add(histogram());
  CHECK(write(binnacle::text_exposition(), families) ==
        "# HELP h H.\n# TYPE h histogram\nh_bucket{op=\"get\",le=\"0.5\"} 1\nh_bucket{op=\"get\",le=\"1\"} 3\n"
        "h_bucket{op=\"get\",le=\"+Inf\"} 4\nh_sum{op=\"get\"} 2.25\nh_count{op=\"get\"} 4\n");
  CHECK(write(binnacle::openmetrics_exposition(), families) ==
        "# HELP h H.\n# TYPE h histogram\nh_bucket{op=\"get\",le=\"0.5\"} 1\nh_bucket{op=\"get\",le=\"1.0\"} 3\n"
        "h_bucket{op=\"get\",le=\"+Inf\"} 4\nh_sum{op=\"get\"} 2.25\nh_count{op=\"get\"} 4\n# EOF\n");
}

TEST_CASE("summaries, and timestamps in each format's unit", "[exposition]") {
  auto families = std::make_shared<Families>();
  families->family("s", "S.", prometheus::MetricType::Summary).add(summary());
  auto stamped = prometheus::ClientMetric{};
  stamped.timestamp_ms = 1500;
  families->gauge("z", "Z.").add(stamped);
  CHECK(write(binnacle::text_exposition(), families) ==
        "# HELP s S.\n# TYPE s summary\ns{quantile=\"0.5\"} 0.1\ns{quantile=\"1\"} 3\ns_sum 2.25\ns_count 4\n"
        "# HELP z Z.\n# TYPE z gauge\nz 0 1500\n");
  CHECK(write(binnacle::openmetrics_exposition(), families) ==
        "# HELP s S.\n# TYPE s summary\ns{quantile=\"0.5\"} 0.1\ns{quantile=\"1.0\"} 3\ns_sum 2.25\ns_count 4\n"
        "# HELP z Z.\n# TYPE z gauge\nz 0 1.5\n# EOF\n");
}

TEST_CASE("the Accept header chooses the format", "[negotiation]") {
  const auto is_openmetrics = [](std::string_view accept) {
    return &binnacle::negotiate_exposition(accept) == &binnacle::openmetrics_exposition();
  };
  CHECK_FALSE(is_openmetrics(""));
  CHECK_FALSE(is_openmetrics("*/*"));
  CHECK_FALSE(is_openmetrics("text/plain"));
  CHECK(is_openmetrics("application/openmetrics-text"));
  CHECK(is_openmetrics("application/openmetrics-text; version=1.0.0; charset=utf-8"));
  CHECK(is_openmetrics("Application/OpenMetrics-Text;version=\"0.0.1\""));
  CHECK_FALSE(is_openmetrics("application/openmetrics-text; version=2.0.0"));
  // Prometheus 2.42 and 3.x
  CHECK(
      is_openmetrics("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK_FALSE(is_openmetrics("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.5"));
  CHECK_FALSE(is_openmetrics("application/openmetrics-text;q=0"));
  CHECK_FALSE(is_openmetrics("application/openmetrics-text;q=garbage,text/plain;q=0.1"));
  CHECK_FALSE(is_openmetrics(";;;,,,=;q=;"));
}

TEST_CASE("the Accept-Encoding header chooses gzip", "[negotiation]") {
  CHECK_FALSE(binnacle::accepts_gzip(""));
  CHECK(binnacle::accepts_gzip("gzip"));
  CHECK(binnacle::accepts_gzip("deflate, GZIP;q=0.5"));
  CHECK(binnacle::accepts_gzip("*"));
  CHECK_FALSE(binnacle::accepts_gzip("gzip;q=0"));
  CHECK_FALSE(binnacle::accepts_gzip("gzip;q=0, *"));
  CHECK_FALSE(binnacle::accepts_gzip("identity"));
  CHECK_FALSE(binnacle::accepts_gzip("not-gzip-at-all"));
}

TEST_CASE("gzip makes a gzip member, smaller than repeated text", "[gzip]") {
  const std::string text(100'000, 'x');
  const auto small = binnacle::gzip(text);
  CHECK(small.size() < 1000);
  CHECK(small.substr(0, 2) == "\x1F\x8B");
  CHECK(binnacle::gzip("").substr(0, 2) == "\x1F\x8B");
}

TEST_CASE("query parameters are decoded, in order", "[query]") {
  const auto parameters = binnacle::parse_query("collect[]=cpu&collect%5B%5D=mem+info&x&&y=%zz%4");
  CHECK(binnacle::values_of(parameters, "collect[]") == std::vector<std::string>{"cpu", "mem info"});
  CHECK(binnacle::values_of(parameters, "x") == std::vector<std::string>{""});
  CHECK(binnacle::values_of(parameters, "y") == std::vector<std::string>{"%zz%4"});
  CHECK(binnacle::values_of(parameters, "none").empty());
  CHECK(binnacle::parse_query("").empty());
}
