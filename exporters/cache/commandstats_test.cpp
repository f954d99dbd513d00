// SPDX-License-Identifier: Apache-2.0
#include "commandstats.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Families collect(void (*add)(const Info&, Families&), const std::string& text) {
  Families families;
  add(Info{text}, families);
  return families;
}

}  // namespace

TEST_CASE("calls and time by command, whatever its name", "[commandstats]") {
  for (const auto* const name : {"get", "georadius_ro", "ft.search", "client|no-evict", "json.debug|memory"}) {
    INFO(name);
    const auto families =
        collect(add_commandstats, std::string{"cmdstat_"} + name +
                                      ":calls=4,usec=2500000,usec_per_call=1,rejected_calls=2,failed_calls=1\r\n");
    CHECK(value_of(families, "redis_commands_total", {{"cmd", name}}) == 4);
    CHECK(value_of(families, "redis_commands_duration_seconds_total", {{"cmd", name}}) == 2.5);
    CHECK(value_of(families, "redis_commands_rejected_calls_total", {{"cmd", name}}) == 2);
    CHECK(value_of(families, "redis_commands_failed_calls_total", {{"cmd", name}}) == 1);
  }
}

TEST_CASE("older servers tell less", "[commandstats]") {
  const auto families = collect(add_commandstats, "cmdstat_get:calls=21,usec=175,usec_per_call=8.33\r\n");
  CHECK(value_of(families, "redis_commands_total", {{"cmd", "get"}}) == 21);
  CHECK(find_family(families, "redis_commands_rejected_calls_total") == nullptr);
  CHECK(collect(add_commandstats, "cmdstat_:calls=1\r\ncmdstat_a:\r\ncmdstat_b:calls=x\r\n").all().empty());
}

TEST_CASE("percentiles with count and sum of the same command", "[latencystats]") {
  const auto families = collect(add_latencystats,
                                "cmdstat_config|get:calls=3,usec=44\r\n"
                                "latency_percentiles_usec_config|get:p50=1.5,p99=2,p99.9=4.015\r\n"
                                "latency_percentiles_usec_set:p50=1\r\n");
  const auto* const family = find_family(families, "redis_latency_percentiles_usec");
  REQUIRE(family != nullptr);
  REQUIRE(family->series().size() == 1);  // of set there is no count
  const auto& metric = family->series()[0];
  CHECK(metric.label[0].value == "config|get");
  CHECK(metric.summary.sample_count == 3);
  CHECK(metric.summary.sample_sum == 44);
  REQUIRE(metric.summary.quantile.size() == 3);
  CHECK(metric.summary.quantile[2].quantile == 99.9);
  CHECK(metric.summary.quantile[2].value == 4.015);
}

TEST_CASE("malformed percentiles are skipped", "[latencystats]") {
  for (const auto* const value : {"=1.0", "p=1", "p50=", "p50", "50=1", ",,,", "", "pnan=1", "p50=inf"}) {
    INFO(value);
    CHECK(collect(add_latencystats, std::string{"cmdstat_get:calls=1,usec=1\r\nlatency_percentiles_usec_get:"} + value)
              .all()
              .empty());
  }
  const auto families =
      collect(add_latencystats, "cmdstat_get:calls=1,usec=1\r\nlatency_percentiles_usec_get:=1,p50=2,p50=3\r\n");
  REQUIRE(find_family(families, "redis_latency_percentiles_usec") != nullptr);
  CHECK(find_family(families, "redis_latency_percentiles_usec")->series()[0].summary.quantile.size() == 1);
}

TEST_CASE("error replies by their word; what scripts make up is one series", "[errorstats]") {
  const auto families =
      collect(add_errorstats,
              "errorstat_ERR:count=4\r\nerrorstat_WRONGPASS:count=2\r\nerrorstat_user 17 failed:count=1\r\n"
              "errorstat_My-Error:count=5\r\nerrorstat_X:count=\r\n");
  CHECK(value_of(families, "redis_errors_total", {{"err", "ERR"}}) == 4);
  CHECK(value_of(families, "redis_errors_total", {{"err", "WRONGPASS"}}) == 2);
  CHECK(value_of(families, "redis_errors_total", {{"err", "other"}}) == 6);
  CHECK(series_of(families, "redis_errors_total") == 3);
}

TEST_CASE("calls beyond what a count can hold make no summary", "[latencystats]") {
  for (const auto* const calls : {"1e300", "18446744073709551616", "-1"}) {
    INFO(calls);
    CHECK(collect(add_latencystats,
                  std::string{"cmdstat_get:calls="} + calls + ",usec=1\r\nlatency_percentiles_usec_get:p50=1\r\n")
              .all()
              .empty());
  }
}
