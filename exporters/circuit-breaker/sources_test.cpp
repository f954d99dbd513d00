// SPDX-License-Identifier: Apache-2.0
#include "sources.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::vector<SourceSpec> parse(const std::string& text) {
  auto config = YamlMap::from_text(text, "c.yml");
  auto specs = parse_sources(config);
  config.finish();
  return specs;
}

std::string fault(const std::string& text) {
  try {
    parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no fault";
}

}  // namespace

TEST_CASE("a source has a name, a kind, and times of its own or its kind's", "[sources]") {
  const auto specs = parse(
      "sources:\n"
      "  - {name: edge, kind: haproxy, address: /run/haproxy.sock}\n"
      "  - {name: shop, kind: json, url: 'http://shop:8080/breakers', instance: shop-1, interval: 15s, timeout: "
      "500ms}\n"
      "  - {name: mesh, kind: envoy, url: 'http://localhost:9901/'}\n"
      "  - {name: spring, kind: resilience4j, url: 'http://localhost:8080'}\n"
      "  - {name: stream, kind: hystrix, url: 'http://localhost:8080/hystrix.stream'}\n"
      "  - {name: held, kind: redis, address: 'localhost:6379'}\n");
  REQUIRE(specs.size() == 6);
  CHECK(specs[0].name == "edge");
  CHECK(specs[0].kind == "haproxy");
  CHECK(specs[0].interval == 500ms);
  CHECK(specs[0].timeout == 2s);
  CHECK(std::get<HaproxySettings>(specs[0].settings).socket->path == "/run/haproxy.sock");
  CHECK(specs[1].instance == "shop-1");
  CHECK(specs[1].interval == 15s);
  CHECK(specs[1].timeout == 500ms);
  CHECK(std::get<JsonSettings>(specs[1].settings).http.url == "http://shop:8080/breakers");
  CHECK(std::get<EnvoySettings>(specs[2].settings).http.url == "http://localhost:9901");
  CHECK(std::get<Resilience4jSettings>(specs[3].settings).base_path == "/actuator");
  CHECK(std::get<HystrixSettings>(specs[4].settings).http.url == "http://localhost:8080/hystrix.stream");
  CHECK(std::get<RedisSettings>(specs[5].settings).address.port == 6379);
  for (const auto& spec : specs) CHECK(make_source(spec.settings) != nullptr);
}

TEST_CASE("credentials are the config's, by name", "[sources]") {
  const auto specs = parse(
      "credentials: {ops: {username: me, password_env: HOME}}\n"
      "sources: [{name: shop, kind: json, url: 'http://shop', credentials: ops}]\n");
  REQUIRE(specs.size() == 1);
  CHECK(std::get<JsonSettings>(specs[0].settings).http.credentials.user == "me");
}

TEST_CASE("a bad source says where and what was expected", "[sources]") {
  CHECK_THAT(fault("sources: [{kind: json, url: 'http://a'}]"), Contains("c.yml:1: sources[0].name: expected a name"));
  CHECK_THAT(fault("sources: [{name: a, url: 'http://a'}]"), Contains("sources[0].kind: expected one of haproxy, "));
  CHECK_THAT(fault("sources: [{name: a, kind: consul}]"), Contains("expected one of haproxy, redis, resilience4j"));
  CHECK_THAT(fault("sources: [{name: a, kind: json}]"), Contains("expected url"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'ftp://a'}]"), Contains("begins with http:// or https://"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://u:secret@a'}]"), Contains("without a user"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://u:secret@a'}]"), !Contains("secret"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://a', interval: 1ms}]"), Contains("50ms or more"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://a', timeout: 0s}]"), Contains("more than 0"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://a', credentials: x}]"), Contains("credentials"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://a', adress: b}]"), Contains("adress"));
  CHECK_THAT(fault("sources: [{name: a, kind: json, url: 'http://a'}, {name: a, kind: json, url: 'http://b'}]"),
             Contains("another of sources has this name"));
}

TEST_CASE("flags give an address alone", "[sources]") {
  for (const auto& kind : source_kinds()) {
    const auto spec = given_source(kind, kind.name == std::string{"haproxy"} || kind.name == std::string{"redis"}
                                             ? "localhost:1234"
                                             : "http://localhost:1234/page");
    CHECK(spec.name == kind.name);
    CHECK(spec.interval == kind.interval);
    CHECK(make_source(spec.settings) != nullptr);
  }
  for (const auto& kind : source_kinds()) {
    CHECK_THROWS_WITH(given_source(kind, "http://u:secret@"),
                      Contains("--source." + std::string{kind.name} + ": ") && !Contains("secret"));
  }
}
