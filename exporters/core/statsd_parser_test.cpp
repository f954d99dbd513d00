// SPDX-License-Identifier: Apache-2.0
#include "statsd_parser.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "statsd_test_sink.h"

using namespace binnacle;

namespace {

using Lines = std::vector<std::string>;
using Errors = std::map<std::string, int>;

struct Parsed {
  Lines seen;
  StatsdCounts counts;
  Errors errors;
};

Parsed parse(std::string_view packet) {
  StatsdParser parser;
  TestSink sink;
  Parsed parsed;
  parser.parse(packet, sink, parsed.counts);
  parsed.seen = sink.seen;
  for (std::size_t i = 0; i < kStatsdErrors; ++i) {
    if (parsed.counts.errors.at(i) == 0) continue;
    parsed.errors[std::string{statsd_error_name(static_cast<StatsdError>(i))}] =
        static_cast<int>(parsed.counts.errors.at(i));
  }
  return parsed;
}

}  // namespace

TEST_CASE("each type of metric is read", "[statsd]") {
  const auto parsed = parse("a:1|c\nb:2.5|g\nc:320|ms\nd:0.25|h\ne:1e3|d\nf:user é|s\n");
  CHECK(parsed.seen == Lines{"counter a 1", "gauge b 2.5", "timer c 320", "histogram d 0.25", "distribution e 1000",
                             "set f 0 member user é"});
  CHECK(parsed.counts.metrics == 6);
  CHECK(parsed.counts.values == 6);
  CHECK(parsed.errors.empty());
}

TEST_CASE("numbers of every form are read", "[statsd]") {
  CHECK(parse("a:0|c\na:123456789|c\na:1234567890|c\na:0.000001|c\na:.5|c\na:007|c").seen ==
        Lines{"counter a 0", "counter a 123456789", "counter a 1234567890", "counter a 0.000001", "counter a 0.5",
              "counter a 7"});
  CHECK(parse("g:+4|g\ng:-2|g\ng:2|g\ng:-0.5|g").seen ==
        Lines{"gauge g signed 4", "gauge g signed -2", "gauge g 2", "gauge g signed -0.5"});
}

TEST_CASE("many values stand in one line, for each type but sets", "[statsd]") {
  const auto parsed = parse("t:1:2.5:3|ms|#a:b\nc:1:2|c\ng:+1:-2:3|g\ns:a:b|s");
  CHECK(parsed.seen ==
        Lines{"timer t 1 2.5 3 #a:b", "counter c 1 2", "gauge g signed 1 signed -2 3", "set s 0 member a:b"});
  CHECK(parsed.counts.values == 9);
}

TEST_CASE("fields come in any order, and those that nobody knows are skipped", "[statsd]") {
  const Lines expected{"counter a 1 weight 10 #k:v,x"};
  for (const auto* line :
       {"a:1|c|@0.1|#k:v,x", "a:1|c|#k:v,x|@0.1", "a:1|c|T1700000000|#k:v,x|c:ci-0123|@0.1|card:low|e:it-false",
        "a:1|c|c:abc|@0.1|zz|new:field|#k:v,x|", "a:1|c||@0.1||#k:v,x\r\n"}) {
    CAPTURE(line);
    const auto parsed = parse(line);
    CHECK(parsed.seen == expected);
    CHECK(parsed.errors.empty());
  }
}

TEST_CASE("a sample rate is a weight, within bounds", "[statsd]") {
  CHECK(parse("a:3|c|@0.5").seen == Lines{"counter a 3 weight 2"});
  CHECK(parse("a:3|c|@1").seen == Lines{"counter a 3"});
  CHECK(parse("a:3|c|@1").counts.clamped_rates == 0);
  const auto tiny = parse("x:1|ms|@0.000000001");
  CHECK(tiny.seen == Lines{"timer x 1 weight 100000"});
  CHECK(tiny.counts.clamped_rates == 1);
  const auto large = parse("x:1|ms|@2");
  CHECK(large.seen == Lines{"timer x 1"});
  CHECK(large.counts.clamped_rates == 1);
  for (const auto* line : {"x:1|c|@0", "x:1|c|@-1", "x:1|c|@", "x:1|c|@nan", "x:1|c|@inf", "x:1|c|@1x"}) {
    CAPTURE(line);
    CHECK(parse(line).seen.empty());
    CHECK(parse(line).errors == Errors{{"rate", 1}});
  }
}

TEST_CASE("a bad line is counted by its fault, and costs the others nothing", "[statsd]") {
  const std::vector<std::pair<std::string, std::string>> faults{
      {":1|c", "no_name"},       {"a", "no_value"},           {"a:", "no_value"},        {"a:|c", "no_value"},
      {"a:1", "no_type"},        {"a:1|", "no_type"},         {"a:1|x", "unknown_type"}, {"a:1|cc", "unknown_type"},
      {"a:1|m", "unknown_type"}, {"a:1||#x", "unknown_type"}, {"a:x|c", "value"},        {"a:1:|c", "value"},
      {"a:1:x:2|ms", "value"},   {"a:nan|g", "value"},        {"a:inf|g", "value"},      {"a:-inf|g", "value"},
      {"a:1e999|c", "value"},    {"a: 1|c", "value"},         {"a:+-1|g", "value"},      {"a:0x10|c", "value"},
      {"_sc|a", "check"},        {"_sc|a|4", "check"},        {"_sc||0", "check"},       {"_sc|a|00", "check"},
      {"_e{1,1}", "event"},      {"_e{x,1}:a|b", "event"},    {"_e{1}:a|b", "event"},    {"_e{1,1}:ab", "event"}};
  for (const auto& [line, fault] : faults) {
    CAPTURE(line);
    const auto parsed = parse("first:1|c\n" + line + "\nlast:1|c");
    CHECK(parsed.seen == Lines{"counter first 1", "counter last 1"});
    CHECK(parsed.errors == Errors{{fault, 1}});
  }
  CHECK(parse("\n\r\n\n").errors.empty());
}

TEST_CASE("a service check is read", "[statsd]") {
  CHECK(parse("_sc|db.up|2|d:1700000000|h:h1|#env:t,svc:pg|m:no conn").seen ==
        Lines{"check db.up 2 host=h1 tags=env:t,svc:pg message=no conn"});
  CHECK(parse("_sc|a|0").seen == Lines{"check a 0 host= tags= message="});
  // What a client puts behind the message is no part of it; a '|' of its own is.
  CHECK(parse("_sc|a|1|m:x|y|c:ci-1|card:low").seen == Lines{"check a 1 host= tags= message=x|y"});
  CHECK(parse("_sc|a|1|m:x|c:ci-1|e:it-true|card:low").seen == Lines{"check a 1 host= tags= message=x"});
}

TEST_CASE("newlines in a check's message make no bad lines", "[statsd]") {
  const auto parsed = parse("_sc|db.up|2|h:h1|m:no conn|x\ny\n\nz: 3\nts:1|c|#env:t");
  CHECK(parsed.seen == Lines{"check db.up 2 host=h1 tags= message=no conn|x\ny\n\nz: 3", "counter ts 1 #env:t"});
  CHECK(parsed.errors.empty());
  CHECK(parse("_sc|a|0|m:x\n_sc|b|1").counts.checks == 2);
  CHECK(parse("_sc|a|0|m:x\n_e{1,1}:a|b").counts.events == 1);
  // Without a message there is nothing that could go on.
  CHECK(parse("_sc|a|0\njunk").errors == Errors{{"no_value", 1}});
}

TEST_CASE("an event is read, however its client counts", "[statsd]") {
  const std::string tail = "|d:1700000000|h:h1|k:a|p:low|s:src|t:error|#env:t";
  const std::string read = " type=error host=h1 tags=env:t";
  // Bytes, as the protocol says; a title may have a '|' then, and a text newlines.
  CHECK(parse("_e{5,4}:a|b|c|text" + tail).seen == Lines{"event title=a|b|c text=text" + read});
  CHECK(parse("_e{1,3}:a|x\ny" + tail + "\nb:1|c").seen == Lines{"event title=a text=x\ny" + read, "counter b 1"});
  CHECK(parse("_e{7,10}:título|línea1\\nb" + tail).seen == Lines{"event title=título text=línea1\\nb" + read});
  // UTF-16 units, as a client of Node counts; the second with a character of two units.
  CHECK(parse("_e{6,9}:título|línea1\\nb" + tail).seen == Lines{"event title=título text=línea1\\nb" + read});
  CHECK(parse("_e{3,2}:a🔥|🔥" + tail).seen == Lines{"event title=a🔥 text=🔥" + read});
  // Code points.
  CHECK(parse("_e{2,1}:a🔥|🔥" + tail).seen == Lines{"event title=a🔥 text=🔥" + read});
  // No count fits: the delimiters do.
  CHECK(parse("_e{99,99}:title|one|two" + tail).seen == Lines{"event title=title text=one|two" + read});
  CHECK(parse("_e{18446744073709551615,1}:title|text").seen == Lines{"event title=title text=text type= host= tags="});
  CHECK(parse("_e{0,0}:|").seen == Lines{"event title= text= type= host= tags="});
}

TEST_CASE("what a client of Node sends in one packet is read whole", "[statsd]") {
  const auto parsed = parse(
      "g:-2|g|#env:t\ng:+2|g|#env:t\ns:user é|s|#env:t\n_e{6,9}:título|línea1\\nb|d:1|t:error|#env:t\n"
      "_sc|db.up|2|d:1700000000|h:h1|#env:t,svc:pg|m:no conn|x\ny\nts:1|c|T1700000000|#env:t");
  CHECK(parsed.counts.metrics == 4);
  CHECK(parsed.counts.events == 1);
  CHECK(parsed.counts.checks == 1);
  CHECK(parsed.errors.empty());
}
