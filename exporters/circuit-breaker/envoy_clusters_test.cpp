// SPDX-License-Identifier: Apache-2.0
#include "envoy_clusters.h"

#include <catch2/catch.hpp>

#include "source.h"

using namespace binnacle::breaker;

TEST_CASE("limits and hosts of a cluster", "[envoy_clusters]") {
  const auto clusters = parse_envoy_clusters(R"({"cluster_statuses":[{"name":"backend","added_via_api":true,
    "success_rate_ejection_threshold":{"value":6},"eds_service_name":"x",
    "circuit_breakers":{"thresholds":[
      {"max_connections":1024,"max_pending_requests":"512","max_requests":4294967295,"max_retries":3},
      {"priority":"HIGH","max_connections":0,"max_connection_pools":8}]},
    "host_statuses":[
      {"address":{"socket_address":{"address":"10.15.2.36","port_value":20000}},
       "stats":[{"name":"cx_connect_fail"},{"name":"cx_total","value":"5"}],
       "health_status":{"failed_outlier_check":true,"eds_health_status":"HEALTHY"},"success_rate":{"value":43.2},"weight":1},
      {"address":{"socket_address":{"address":"2001:db8::1","port_value":443}},"health_status":{"eds_health_status":"HEALTHY"}},
      {"address":{"pipe":{"path":"/run/app.sock"}},"health_status":{"failed_active_health_check":true}},
      {"address":{"envoy_internal_address":{"server_listener_name":"inner"}}}]}]})");
  REQUIRE(clusters.size() == 1);
  const auto& backend = clusters[0];
  CHECK(backend.name == "backend");
  CHECK(backend.stat_name == "backend");
  CHECK(backend.default_limits == EnvoyResourceNumbers{1024, 512, std::nullopt, 3, std::nullopt});
  CHECK(backend.high_limits == EnvoyResourceNumbers{0, std::nullopt, std::nullopt, std::nullopt, 8});
  REQUIRE(backend.hosts.size() == 4);
  CHECK(backend.hosts[0].address == "/run/app.sock");
  CHECK_FALSE(backend.hosts[0].ejected);
  CHECK(backend.hosts[1].address == "10.15.2.36:20000");
  CHECK(backend.hosts[1].ejected);
  CHECK(backend.hosts[2].address == "[2001:db8::1]:443");
  CHECK(backend.hosts[3].address == "inner");
}

TEST_CASE("stats have names of their own", "[envoy_clusters]") {
  const auto clusters = parse_envoy_clusters(R"({"cluster_statuses":[
    {"name":"tcp://a:1"},{"name":"outbound|80||b.svc","observability_name":"b:80"}]})");
  REQUIRE(clusters.size() == 2);
  CHECK(clusters[0].stat_name == "tcp_//a_1");
  CHECK(clusters[1].stat_name == "b_80");
  CHECK(clusters[1].name == "outbound|80||b.svc");
}

TEST_CASE("an address in two localities is one host", "[envoy_clusters]") {
  const auto host = [](const char* health) {
    return std::string{R"({"address":{"socket_address":{"address":"10.0.0.1","port_value":80}},"health_status":{)"} +
           health + "}}";
  };
  const auto clusters = parse_envoy_clusters(R"({"cluster_statuses":[{"name":"a","host_statuses":[)" + host("") + "," +
                                             host(R"("failed_outlier_check":true)") + "," + host("") + "]}]}");
  REQUIRE(clusters.at(0).hosts.size() == 1);
  CHECK(clusters[0].hosts[0].ejected);
}

TEST_CASE("odd entries are left out", "[envoy_clusters]") {
  const auto clusters = parse_envoy_clusters(R"({"cluster_statuses":[7,{},{"name":""},{"name":"a","circuit_breakers":[],
    "host_statuses":[{},{"address":{"socket_address":{"address":"x","port_value":70000}}},{"address":7},
                     {"address":{"socket_address":{"port_value":1}}},{"address":{"pipe":{}}}]},
    {"name":"b","circuit_breakers":{"thresholds":[{"max_connections":-1,"max_requests":1.5,"max_retries":"x"}]}}]})");
  REQUIRE(clusters.size() == 2);
  CHECK(clusters[0].hosts.empty());
  CHECK_FALSE(clusters[1].default_limits[0]);
  CHECK_FALSE(clusters[1].default_limits[3]);
}

TEST_CASE("an Envoy may have no clusters, but a page of something else is refused", "[envoy_clusters]") {
  CHECK(parse_envoy_clusters("{}").empty());
  CHECK_THROWS_AS(parse_envoy_clusters("[]"), SourceError);
  CHECK_THROWS_AS(parse_envoy_clusters("backend::default_priority::max_connections::1024"), SourceError);
}
