// SPDX-License-Identifier: Apache-2.0
#include "latency.h"

#include <catch2/catch.hpp>
#include <limits>

#include "core/redis/test_redis.h"
#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Reply parse(const std::string& bytes) {
  ReplyReader reader;
  reader.feed(bytes);
  auto reply = reader.next();
  REQUIRE(reply);
  return *reply;
}

std::string histogram(const std::string& command, int calls, const std::vector<std::pair<int, int>>& buckets) {
  std::string text = bulk(command) + "*4\r\n" + bulk("calls") + ":" + std::to_string(calls) + "\r\n" +
                     bulk("histogram_usec") + "*" + std::to_string(buckets.size() * 2) + "\r\n";
  for (const auto& [bound, count] : buckets) {
    text += ":" + std::to_string(bound) + "\r\n:" + std::to_string(count) + "\r\n";
  }
  return text;
}

Families collect(const std::string& reply, const std::string& info) {
  Families families;
  add_latency_histograms(parse(reply), Info{info}, "redis_command_duration_seconds", "Help.", 1e6, families);
  return families;
}

}  // namespace

TEST_CASE("a sparse histogram gets all its bounds, in seconds", "[latency]") {
  const auto families = collect("*2\r\n" + histogram("client|no-evict", 9, {{2, 3}, {33, 5}, {1056, 9}}),
                                "cmdstat_client|no-evict:calls=9,usec=2500\r\n");
  const auto* const family = find_family(families, "redis_command_duration_seconds");
  REQUIRE(family != nullptr);
  const auto& metric = family->series()[0];
  CHECK(metric.label[0].value == "client|no-evict");
  REQUIRE(metric.histogram.bucket.size() == kLatencyBounds.size() + 1);
  CHECK(metric.histogram.bucket[0].cumulative_count == 0);
  CHECK(metric.histogram.bucket[1].cumulative_count == 3);
  CHECK(metric.histogram.bucket[4].cumulative_count == 3);
  CHECK(metric.histogram.bucket[5].cumulative_count == 5);
  CHECK(metric.histogram.bucket[5].upper_bound == 3.3e-05);
  CHECK(metric.histogram.bucket[10].cumulative_count == 9);
  CHECK(metric.histogram.bucket[19].cumulative_count == 9);
  CHECK(metric.histogram.bucket[20].upper_bound == std::numeric_limits<double>::infinity());
  CHECK(metric.histogram.sample_count == 9);
  CHECK(metric.histogram.sample_sum == 0.0025);
}

TEST_CASE("calls of more than half a second are in the last bucket alone", "[latency]") {
  const auto families =
      collect("*2\r\n" + histogram("eval", 3, {{1056, 1}, {1082130, 3}}), "cmdstat_eval:calls=3,usec=90000000\r\n");
  const auto& metric = find_family(families, "redis_command_duration_seconds")->series()[0];
  CHECK(metric.histogram.bucket[19].cumulative_count == 1);
  CHECK(metric.histogram.bucket[20].cumulative_count == 3);
}

TEST_CASE("a sum is found for every name", "[latency]") {
  for (const auto* const name : {"get", "georadius_ro", "ft.search", "config|get", "json.debug|memory", "x-y"}) {
    INFO(name);
    const auto families =
        collect("*2\r\n" + histogram(name, 1, {{1, 1}}), std::string{"cmdstat_"} + name + ":calls=1,usec=7\r\n");
    REQUIRE(series_of(families, "redis_command_duration_seconds") == 1);
    CHECK(find_family(families, "redis_command_duration_seconds")->series()[0].histogram.sample_sum == Approx(7e-6));
  }
  const auto odd = collect("*2\r\n" + histogram("a:b", 1, {{1, 1}}), "cmdstat_a_b:calls=1,usec=7\r\n");
  CHECK(find_family(odd, "redis_command_duration_seconds")->series()[0].label[0].value == "a_b");
}

TEST_CASE("histograms without a sum or of another form are left out", "[latency]") {
  CHECK(collect("*2\r\n" + histogram("get", 1, {{1, 1}}), "").all().empty());
  CHECK(collect("*0\r\n", "").all().empty());
  CHECK(collect("*2\r\n$1\r\na\r\n*0\r\n", "cmdstat_a:calls=1,usec=1\r\n").all().empty());
  CHECK(collect("*1\r\n$1\r\na\r\n", "cmdstat_a:calls=1,usec=1\r\n").all().empty());
}

TEST_CASE("spikes by event", "[latency]") {
  Families families;
  add_latency_spikes(parse("*2\r\n*4\r\n$4\r\nfork\r\n:1700000000\r\n:250\r\n:1000\r\n*2\r\n$1\r\na\r\n:1\r\n"),
                     families);
  CHECK(value_of(families, "redis_latency_spike_last", {{"event_name", "fork"}}) == 1700000000);
  CHECK(value_of(families, "redis_latency_spike_duration_seconds", {{"event_name", "fork"}}) == 0.25);
  CHECK(value_of(families, "redis_latency_spike_max_seconds", {{"event_name", "fork"}}) == 1);
  CHECK(series_of(families, "redis_latency_spike_last") == 1);
}
