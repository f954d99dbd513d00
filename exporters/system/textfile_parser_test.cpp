// SPDX-License-Identifier: Apache-2.0
#include "textfile_parser.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using binnacle::system::parse_textfile;
using binnacle::system::TextFamily;
using binnacle::system::TextfileError;
using prometheus::MetricType;

namespace {

/// The labels of a series as one text: "a=1,b=2".
std::string labels_of(const prometheus::ClientMetric& metric) {
  std::string text;
  for (const auto& label : metric.label) {
    if (!text.empty()) text += ',';
    text += label.name + '=' + label.value;
  }
  return text;
}

TextFamily family(const std::string& text) {
  auto families = parse_textfile(text);
  REQUIRE(families.size() == 1);
  return families.front();
}

double value(const std::string& text) { return family("x " + text + "\n").series.front().metric.untyped.value; }

/// "line 2: what is wrong".
std::string error_of(const std::string& text) {
  try {
    parse_textfile(text);
  } catch (const TextfileError& error) {
    return "line " + std::to_string(error.line()) + ": " + error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a text file has families with HELP, TYPE and series", "[textfile]") {
  const auto families = parse_textfile(
      "# HELP jobs_total All jobs.\\nEven \\\\ those  \n"
      "# TYPE jobs_total counter\n"
      "jobs_total{queue=\"mail\",host=\"a\"} 10\n"
      "jobs_total { queue = \"news\" , host = \"b\" , } 2.5e3\n"
      "\n"
      "  # a remark\n"
      "#\n"
      "last_run 1.7e9 \t\n"
      "# TYPE depth GAUGE\n"
      "\tdepth{}-3\n");
  REQUIRE(families.size() == 3);
  CHECK(families[0].name == "jobs_total");
  CHECK(families[0].help == "All jobs.\nEven \\ those  ");
  CHECK(families[0].type == MetricType::Counter);
  REQUIRE(families[0].series.size() == 2);
  CHECK(labels_of(families[0].series[0].metric) == "host=a,queue=mail");
  CHECK(families[0].series[0].metric.counter.value == 10);
  CHECK(families[0].series[0].line == 3);
  CHECK(families[0].series[1].metric.counter.value == 2500);
  CHECK(families[1].name == "last_run");
  CHECK(families[1].type == MetricType::Untyped);
  CHECK_FALSE(families[1].help);
  CHECK(families[1].series[0].metric.untyped.value == 1.7e9);
  CHECK(families[2].type == MetricType::Gauge);
  CHECK(families[2].series[0].metric.gauge.value == -3);
}

TEST_CASE("families without series, and no text at all, are nothing", "[textfile]") {
  CHECK(parse_textfile("").empty());
  CHECK(parse_textfile("\n \n# HELP a b\n# TYPE c gauge\n  ").empty());
  CHECK(parse_textfile("# HELP\n# TYPE \n# HELP name\n# TYPE name \n").empty());
}

TEST_CASE("an empty HELP is none", "[textfile]") { CHECK_FALSE(family("# HELP x \nx 1\n").help); }

TEST_CASE("values are numbers, infinities and NaN", "[textfile]") {
  CHECK(value("1") == 1);
  CHECK(value("+1.5") == 1.5);
  CHECK(value("-.5") == -0.5);
  CHECK(value("5.") == 5);
  CHECK(value("1E3") == 1000);
  CHECK(value("+Inf") == std::numeric_limits<double>::infinity());
  CHECK(value("inf") == std::numeric_limits<double>::infinity());
  CHECK(value("-Inf") == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(value("NaN")));
  CHECK(std::isnan(value("nan")));
  for (const std::string text :
       {"abc", "1_000", "0x10", "0x1p4", "1,5", "--1", "+-1", "+NaN", "-nan", "nan(1)", "1e999",
        "1."
        "5.1"}) {
    CHECK(error_of("x " + text + "\n") == "line 1: expected a number as value, got \"" + text + "\"");
  }
}

TEST_CASE("label values have three escapes", "[textfile]") {
  const auto metric = family("x{a=\"quote \\\" slash \\\\ line \\n brace } comma , \xC3\xA4\"} 1\n").series[0].metric;
  CHECK(labels_of(metric) == "a=quote \" slash \\ line \n brace } comma , \xC3\xA4");
}

TEST_CASE("samples of a histogram are one series", "[textfile]") {
  const auto histogram = family(
      "# TYPE size histogram\n"
      "size_bucket{le=\"+Inf\",q=\"a\"} 7\n"
      "size_bucket{le=\"10\",q=\"a\"} 3\n"
      "size_bucket{le=\"1e1\",q=\"a\"} 4\n"
      "size_bucket{le=\"1\",q=\"a\"} 2\n"
      "size_sum{q=\"a\"} 55.5\n"
      "size_count{q=\"a\"} 7\n"
      "size_count{q=\"b\"} 9\n"
      "size_bucket{q=\"b\",le=\"5\"} 8\n");
  CHECK(histogram.name == "size");
  CHECK(histogram.type == MetricType::Histogram);
  REQUIRE(histogram.series.size() == 2);
  const auto& first = histogram.series[0].metric;
  CHECK(labels_of(first) == "q=a");
  CHECK(first.histogram.sample_count == 7);
  CHECK(first.histogram.sample_sum == 55.5);
  REQUIRE(first.histogram.bucket.size() == 3);
  CHECK(first.histogram.bucket[0].upper_bound == 1);
  CHECK(first.histogram.bucket[0].cumulative_count == 2);
  CHECK(first.histogram.bucket[1].cumulative_count == 4);  // of two with the same bound, the last
  CHECK(std::isinf(first.histogram.bucket[2].upper_bound));
  const auto& second = histogram.series[1].metric;
  REQUIRE(second.histogram.bucket.size() == 2);
  CHECK(std::isinf(second.histogram.bucket[1].upper_bound));  // added from the count
  CHECK(second.histogram.bucket[1].cumulative_count == 9);
}

TEST_CASE("samples of a summary are one series", "[textfile]") {
  const auto summary = family(
      "# TYPE wait summary\n"
      "wait{quantile=\"0.9\",q=\"a\"} 0.5\n"
      "wait{quantile=\"0.5\",q=\"a\"} 0.1\n"
      "wait_sum{q=\"a\"} 9.5\n"
      "wait_count{q=\"a\"} 30\n");
  CHECK(summary.type == MetricType::Summary);
  REQUIRE(summary.series.size() == 1);
  const auto& metric = summary.series[0].metric;
  CHECK(labels_of(metric) == "q=a");
  CHECK(metric.summary.sample_count == 30);
  CHECK(metric.summary.sample_sum == 9.5);
  REQUIRE(metric.summary.quantile.size() == 2);
  CHECK(metric.summary.quantile[0].quantile == 0.5);
  CHECK(metric.summary.quantile[0].value == 0.1);
}

TEST_CASE("names that end like parts are families of their own without a histogram or summary", "[textfile]") {
  CHECK(parse_textfile("a_sum 1\na_count 2\na_bucket{le=\"1\"} 3\n").size() == 3);
  CHECK(parse_textfile("# TYPE a gauge\na 1\na_sum 1\n").size() == 2);
  CHECK(parse_textfile("# TYPE a summary\na_count 1\na_bucket 1\n").size() == 2);
  CHECK(labels_of(family("# TYPE a gauge\na{le=\"1\",quantile=\"2\"} 1\n").series[0].metric) == "le=1,quantile=2");
}

TEST_CASE("series that lack a label get it with an empty value", "[textfile]") {
  const auto gauge = family("x{b=\"1\"} 1\nx 2\nx{a=\"3\",c=\"4\"} 3\n");
  CHECK(labels_of(gauge.series[0].metric) == "a=,b=1,c=");
  CHECK(labels_of(gauge.series[1].metric) == "a=,b=,c=");
  CHECK(labels_of(gauge.series[2].metric) == "a=3,b=,c=4");
}

TEST_CASE("series of too many different labels are an error, not a flood", "[textfile]") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "x{l" + std::to_string(i) + "=\"\"} 1\n";
  CHECK(error_of(text) == "line 1: expected the series of x to have the same labels, got 2000 different ones");
}

TEST_CASE("time stamps are an error", "[textfile]") {
  CHECK(error_of("a 1\nx 1 1441205977284\n") ==
        "line 2: expected no time stamp: a text file's samples count as taken at the scrape");
  CHECK(error_of("x 1 -5\n") == "line 1: expected no time stamp: a text file's samples count as taken at the scrape");
  CHECK(error_of("x 1 soon\n") == "line 1: expected the end of the line after the value, got \"soon\"");
  CHECK(error_of("x 1 # {id=\"1\"} 1\n") ==
        "line 1: expected the end of the line after the value, got \"# {id=\"1\"} 1\"");
}

TEST_CASE("a half-written or foreign file is an error", "[textfile]") {
  CHECK(error_of("x 1\ny 12") == "line 2: expected a newline at the file's end, which may be half written");
  CHECK(error_of("# half a remark") == "line 1: expected a newline at the file's end, which may be half written");
  CHECK(error_of("x 1\r\n") == "line 1: expected lines that end with a newline alone, got a carriage return before it");
  CHECK(error_of(std::string{"\x7F"
                             "ELF\0\1\n",
                             7}) == "line 1: expected a metric name, got \"?ELF??\"");
}

TEST_CASE("bad samples are errors that say what was expected", "[textfile]") {
  CHECK(error_of("1x 1\n") == "line 1: expected a metric name, got \"1x 1\"");
  CHECK(error_of("my-metric 1\n") == "line 1: expected labels or a value after my, got \"-metric 1\"");
  CHECK(error_of("x\n") == "line 1: expected labels or a value after x, got the end of the line");
  CHECK(error_of("x \n") == "line 1: expected a number as value, got the end of the line");
  CHECK(error_of("x{a=\"1\"}\n") == "line 1: expected a number as value, got the end of the line");
  CHECK(error_of("x{\n") == "line 1: expected a label's name, got the end of the line");
  CHECK(error_of("x{,} 1\n") == "line 1: expected a label's name, got \",} 1\"");
  CHECK(error_of("x{1a=\"1\"} 1\n") == "line 1: expected a label's name, got \"1a=\"1\"} 1\"");
  CHECK(error_of("x{a:b=\"1\"} 1\n") == "line 1: expected = after the label a, got \":b=\"1\"} 1\"");
  CHECK(error_of("x{a \"1\"} 1\n") == "line 1: expected = after the label a, got \"\"1\"} 1\"");
  CHECK(error_of("x{a=1} 1\n") == "line 1: expected \" before the value of the label a, got \"1} 1\"");
  CHECK(error_of("x{a=\"1} 1\n") == "line 1: expected \" after the value of the label a, got the end of the line");
  CHECK(error_of("x{a=\"1\"b=\"2\"} 1\n") == "line 1: expected , or } after the label a, got \"b=\"2\"} 1\"");
  CHECK(error_of("x{a=\"1\"\n") == "line 1: expected , or } after the label a, got the end of the line");
  CHECK(error_of("x{a=\"\\t\"} 1\n") == "line 1: expected \\\\, \\n or \\\" in the value of the label a, got \"\\t\"");
  CHECK(error_of("x{a=\"\\\n") == "line 1: expected \\\\, \\n or \\\" in the value of the label a, got \"\\\"");
  CHECK(error_of("x{a=\"1\",b=\"2\",a=\"3\"} 1\n") == "line 1: expected the label a once, got it twice");
  CHECK(error_of("x{__name__=\"y\"} 1\n") == "line 1: expected another label than __name__, which is reserved");
  CHECK(error_of("x{a=\"\xE4\"} 1\n") == "line 1: expected valid UTF-8 in the value of the label a, got \"\xE4\"");
}

TEST_CASE("bad comments are errors that say what was expected", "[textfile]") {
  CHECK(error_of("# HELP 1x y\n") == "line 1: expected a metric name, got \"1x y\"");
  CHECK(error_of("# TYPE x-y gauge\n") == "line 1: expected a metric name, got \"x-y gauge\"");
  CHECK(error_of("# TYPE x unknown\n") ==
        "line 1: expected counter, gauge, histogram, summary or untyped, got \"unknown\"");
  CHECK(error_of("# TYPE x gauge counter\n") ==
        "line 1: expected counter, gauge, histogram, summary or untyped, got \"gauge counter\"");
  CHECK(error_of("# HELP x a\n# HELP x a\n") == "line 2: expected one HELP line for x, got a second");
  CHECK(error_of("# TYPE x gauge\n# TYPE x gauge\n") ==
        "line 2: expected one TYPE line for x, before its samples, got a second or a late one");
  CHECK(error_of("x 1\n# TYPE x gauge\n") ==
        "line 2: expected one TYPE line for x, before its samples, got a second or a late one");
  CHECK(error_of("# HELP x a\\tb\n") == "line 1: expected \\\\ or \\n in a HELP text, got \"\\t\"");
  CHECK(error_of("# HELP x a\\\n") == "line 1: expected \\\\ or \\n in a HELP text, got \"\\\"");
  CHECK(error_of("# HELP x \xFF\n") == "line 1: expected valid UTF-8 in a HELP text, got \"\xFF\"");
  CHECK(error_of("# HELLO \xFF\n") == "none");
}

TEST_CASE("bad histograms and summaries are errors that say what was expected", "[textfile]") {
  const std::string histogram = "# TYPE x histogram\n";
  const std::string summary = "# TYPE x summary\n";
  CHECK(error_of(histogram + "x_bucket 1\n") == "line 2: expected x_bucket with the label le");
  CHECK(error_of(histogram + "x 1\n") == "line 2: expected x with the label le");
  CHECK(error_of(histogram + "x_bucket{le=\"big\"} 1\n") == "line 2: expected a number in the label le, got \"big\"");
  CHECK(error_of(histogram + "x_bucket{le=\"NaN\"} 1\n") == "line 2: expected a number in the label le, got \"NaN\"");
  CHECK(error_of(histogram + "x_bucket{le=\"1\",le=\"2\"} 1\n") == "line 2: expected the label le once, got it twice");
  CHECK(error_of(histogram + "x_bucket{le=\"1\"} -1\n") == "line 2: expected a count of 0 or more");
  CHECK(error_of(histogram + "x_count NaN\n") == "line 2: expected a count of 0 or more");
  CHECK(error_of(histogram + "x_count 1e30\n") == "line 2: expected a count of 0 or more");
  CHECK(error_of(summary + "x 1\n") == "line 2: expected x with the label quantile");
  CHECK(error_of(summary + "x{quantile=\"\"} 1\n") ==
        "line 2: expected a number in the label quantile, got the end of the line");
}
