// SPDX-License-Identifier: Apache-2.0
#include "envoy_stats.h"

#include <re2/re2.h>

#include <catch2/catch.hpp>

#include "source.h"

using namespace binnacle::breaker;

TEST_CASE("the stats of a cluster", "[envoy_stats]") {
  const auto stats = parse_envoy_stats(R"({"stats":[
    {"name":"cluster.backend.circuit_breakers.default.cx_open","value":0},
    {"name":"cluster.backend.circuit_breakers.default.rq_pending_open","value":1},
    {"name":"cluster.backend.circuit_breakers.high.rq_retry_open","value":0},
    {"name":"cluster.backend.circuit_breakers.default.remaining_cx_pools","value":18446744073709551614},
    {"name":"cluster.backend.circuit_breakers.default.remaining_rq","value":"1020"},
    {"name":"cluster.backend.upstream_rq_pending_overflow","value":21},
    {"name":"cluster.backend.upstream_rq_pending_active","value":4},
    {"name":"cluster.backend.upstream_rq_2xx","value":"100"},
    {"name":"cluster.backend.upstream_rq_5xx","value":7},
    {"name":"cluster.backend.upstream_rq_timeout","value":2},
    {"name":"cluster.backend.outlier_detection.ejections_active","value":1},
    {"name":"cluster.backend.outlier_detection.ejections_enforced_total","value":3},
    {"histograms":{"supported_quantiles":[0,25],"computed_quantiles":[{"name":"cluster.backend.upstream_rq_time","values":[]}]}}]})");
  REQUIRE(stats.size() == 1);
  const auto& backend = stats.at("backend");
  CHECK(backend.default_priority.open[0] == 0);
  CHECK(backend.default_priority.open[1] == 1);
  CHECK_FALSE(backend.default_priority.open[2]);
  CHECK(backend.high_priority.open[3] == 0);
  CHECK(backend.default_priority.remaining[4] == 18446744073709551614.0);
  CHECK(backend.default_priority.remaining[2] == 1020);
  CHECK(backend.overflows[1] == 21);
  CHECK_FALSE(backend.overflows[0]);
  CHECK(backend.active[1] == 4);
  CHECK(backend.answers[0] == 100);
  CHECK(backend.answers[3] == 7);
  CHECK(backend.timeouts == 2);
  CHECK(backend.ejected_hosts == 1);
  CHECK(backend.ejections == 3);
}

TEST_CASE("a cluster's name may hold dots, and whatever else", "[envoy_stats]") {
  const auto stats = parse_envoy_stats(R"({"stats":[
    {"name":"cluster.outbound|80||pay.shop.svc.cluster.local.circuit_breakers.default.rq_open","value":1},
    {"name":"cluster.outbound|80||pay.shop.svc.cluster.local.upstream_cx_overflow","value":3},
    {"name":"cluster.a.circuit_breakers.default.b.circuit_breakers.high.cx_open","value":1}]})");
  REQUIRE(stats.size() == 2);
  const auto& pay = stats.at("outbound|80||pay.shop.svc.cluster.local");
  CHECK(pay.default_priority.open[2] == 1);
  CHECK(pay.overflows[0] == 3);
  CHECK(stats.at("a.circuit_breakers.default.b").high_priority.open[0] == 1);
}

TEST_CASE("other stats and odd values are left out", "[envoy_stats]") {
  const auto stats = parse_envoy_stats(R"({"stats":[
    {"name":"cluster.upstream_cx_overflow","value":1},
    {"name":"cluster..upstream_cx_overflow","value":1},
    {"name":"server.live","value":1},
    {"name":"listener.cluster.a.upstream_cx_overflow","value":1},
    {"name":"cluster.a.circuit_breakers.default","value":1},
    {"name":"cluster.a.membership_total","value":1},
    {"name":"cluster.a.upstream_cx_overflow","value":"many"},
    {"name":"cluster.a.upstream_cx_overflow","value":null},
    {"name":"cluster.a.upstream_cx_overflow"},
    {"value":1}, 7, null, [], "x"]})");
  CHECK(stats.empty());
  const auto unknown = parse_envoy_stats(R"({"stats":[{"name":"cluster.a.circuit_breakers.low.cx_open","value":1},
                                                      {"name":"cluster.b.circuit_breakers.high.cx_shut","value":1}]})");
  for (const auto& [name, cluster] : unknown) {
    CHECK_FALSE(cluster.default_priority.open[0]);
    CHECK_FALSE(cluster.high_priority.open[0]);
  }
}

TEST_CASE("a page of something else is refused", "[envoy_stats]") {
  for (const auto* const text : {"", "{}", "[]", "<html>", R"({"stats":{}})", R"({"stats":[)", R"({"stats":null})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_envoy_stats(text), SourceError);
  }
  CHECK(parse_envoy_stats(R"({"stats":[]})").empty());
}

TEST_CASE("the filter asks for the stats that are read, and for few others", "[envoy_stats]") {
  const re2::RE2 filter{kEnvoyStatsFilter};
  REQUIRE(filter.ok());
  for (const auto* const name :
       {"cluster.a.b|c.circuit_breakers.default.cx_pool_open", "cluster.a.circuit_breakers.high.remaining_cx",
        "cluster.a.upstream_cx_overflow", "cluster.a.upstream_cx_pool_overflow",
        "cluster.a.upstream_rq_pending_overflow", "cluster.a.upstream_rq_active_overflow",
        "cluster.a.upstream_rq_retry_overflow", "cluster.a.upstream_cx_active", "cluster.a.upstream_rq_active",
        "cluster.a.upstream_rq_pending_active", "cluster.a.upstream_rq_2xx", "cluster.a.upstream_rq_5xx",
        "cluster.a.upstream_rq_timeout", "cluster.a.outlier_detection.ejections_active",
        "cluster.a.outlier_detection.ejections_enforced_total"}) {
    CAPTURE(name);
    CHECK(re2::RE2::PartialMatch(name, filter));
  }
  for (const auto* const name :
       {"cluster.a.upstream_rq_total", "cluster.a.upstream_cx_rx_bytes_total", "cluster.a.upstream_rq_503",
        "cluster.a.membership_healthy", "http.a.rq_total", "cluster.a.outlier_detection.ejections_overflow"}) {
    CAPTURE(name);
    CHECK_FALSE(re2::RE2::PartialMatch(name, filter));
  }
}
