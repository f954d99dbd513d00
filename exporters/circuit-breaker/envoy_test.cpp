// SPDX-License-Identifier: Apache-2.0
#include "envoy.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

PollContext soon() { return {Clock::now() + 10s, -1}; }

}  // namespace

TEST_CASE("both pages are read, over one connection", "[envoy]") {
  std::string filter;
  TestHttpServer server{TestHttpServer::each([&filter](std::string_view request) {
    if (request.starts_with("GET /clusters?format=json ")) {
      return http_answer(
          "200 OK",
          R"({"cluster_statuses":[{"name":"tcp://a","circuit_breakers":{"thresholds":[{"max_requests":9}]}}]})");
    }
    filter = request.substr(0, request.find('\r'));
    return http_answer("200 OK",
                       R"({"stats":[{"name":"cluster.tcp_//a.circuit_breakers.default.rq_open","value":1}]})");
  })};
  EnvoySettings settings;
  settings.http.url = server.url();
  const auto source = make_source(settings);
  const auto reading = source->poll(soon());
  REQUIRE(reading.breakers.size() == 1);
  CHECK(reading.breakers[0].id == BreakerId{"tcp://a", ""});
  CHECK(reading.breakers[0].path.at(0).state == BreakerState::open);
  CHECK(reading.breakers[0].resources.at(0).limit == 9);
  source->poll(soon());
  CHECK(server.connections() == 1);
  CHECK_THAT(filter, Contains("GET /stats?format=json&filter=%5Ecluster%5C..%2B%5C.%28circuit_breakers"));
}

TEST_CASE("a page of something else fails", "[envoy]") {
  TestHttpServer server{TestHttpServer::each([](std::string_view) { return http_answer("200 OK", "<html>"); })};
  EnvoySettings settings;
  settings.http.url = server.url();
  CHECK_THROWS_AS(make_source(settings)->poll(soon()), SourceError);
}

TEST_CASE("an Envoy of a flag and of the config", "[envoy]") {
  CHECK(envoy_from_address("http://localhost:9901/").http.url == "http://localhost:9901");
  CHECK(envoy_from_address("http://localhost:9901").hosts);
  CHECK_THROWS(envoy_from_address("localhost:9901"));
  auto config = YamlMap::from_text("{url: 'http://a:1', hosts: false}", "config.yml");
  const auto settings = parse_envoy(config, {});
  config.finish();
  CHECK_FALSE(settings.hosts);
}
