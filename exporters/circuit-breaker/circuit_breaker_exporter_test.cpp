// SPDX-License-Identifier: Apache-2.0
#include "circuit_breaker_exporter.h"

#include <catch2/catch.hpp>

#include "core/captured_stderr.h"
#include "core/strict_yaml.h"
#include "core/test_families.h"
#include "core/test_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

void load(CircuitBreakerExporter& exporter, const std::string& text) {
  auto config = YamlMap::from_text(text, "c.yml");
  const auto apply = exporter.load(config);
  config.finish();
  apply();
}

Output collect(CircuitBreakerExporter& exporter, const std::string& collector) {
  Output out;
  for (const auto& entry : exporter.targets().at(0)->collectors) {
    if (entry.name == collector) entry.collector->collect({Clock::now() + 20s}, out);
  }
  return out;
}

/// Answers each request with this page of one breaker in this state.
class Page {
 public:
  explicit Page(const std::string& state)
      : server_([state](std::string_view) {
          const auto body = R"({"breakers": [{"name": "pay", "state": ")" + state + R"("}]})";
          return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body;
        }) {}
  [[nodiscard]] std::string url() const { return "http://" + server_.address().name() + "/breakers"; }

 private:
  TestServer server_;
};

std::string source(const std::string& name, const std::string& url) {
  return "{name: " + name + ", kind: json, interval: 50ms, url: '" + url + "'}";
}

}  // namespace

TEST_CASE("sources are read, and the first scrape waits for them", "[exporter]") {
  const CapturedStderr quiet;
  const Page page{"open"};
  CircuitBreakerExporter exporter;
  load(exporter, "sources: [" + source("shop", page.url()) + "]");
  const auto breakers = collect(exporter, "breakers");
  CHECK(value_of(breakers, "circuit_breaker_state", {{"source", "shop"}, {"breaker", "pay"}, {"state", "open"}}) == 1);
  const auto sources = collect(exporter, "sources");
  CHECK(value_of(sources, "circuit_breaker_source_up", {{"source", "shop"}, {"kind", "json"}}) == 1);
  CHECK(value_of(sources, "circuit_breaker_source_breakers", {{"source", "shop"}}) == 1);
}

TEST_CASE("a source that cannot be read is down, and harms no other", "[exporter]") {
  const CapturedStderr quiet;
  const Page page{"closed"};
  const auto gone = [] { return Page{"open"}.url(); }();
  CircuitBreakerExporter exporter;
  load(exporter, "sources: [" + source("shop", page.url()) + ", " + source("gone", gone) + "]");
  const auto sources = collect(exporter, "sources");
  CHECK(value_of(sources, "circuit_breaker_source_up", {{"source", "shop"}, {"kind", "json"}}) == 1);
  CHECK(value_of(sources, "circuit_breaker_source_up", {{"source", "gone"}, {"kind", "json"}}) == 0);
  CHECK(value_of(sources, "circuit_breaker_source_failures_total", {{"source", "gone"}, {"reason", "unreachable"}})
            .value_or(0) >= 1);
  CHECK(series_of(collect(exporter, "breakers"), "circuit_breaker_last_transition_timestamp_seconds") == 1);
}

TEST_CASE("a reload keeps what is known of sources that did not change", "[exporter]") {
  const CapturedStderr quiet;
  const Page page{"open"};
  const Page other{"open"};
  CircuitBreakerExporter exporter;
  load(exporter, "sources: [" + source("shop", page.url()) + "]");
  const auto since = value_of(collect(exporter, "breakers"), "circuit_breaker_last_transition_timestamp_seconds",
                              {{"source", "shop"}, {"breaker", "pay"}});
  REQUIRE(since);
  load(exporter, "sources: [" + source("shop", page.url()) + ", " + source("more", other.url()) +
                     "]\nbreakers: {rules: [{source: shop, readiness: true}]}");
  const auto breakers = collect(exporter, "breakers");
  CHECK(value_of(breakers, "circuit_breaker_last_transition_timestamp_seconds",
                 {{"source", "shop"}, {"breaker", "pay"}}) == since);
  CHECK(value_of(breakers, "circuit_breaker_state", {{"source", "more"}, {"breaker", "pay"}, {"state", "open"}}) == 1);
  CHECK(exporter.not_ready() == "open: shop/pay");
  load(exporter, "sources: [" + source("more", other.url()) + "]");
  CHECK(series_of(collect(exporter, "sources"), "circuit_breaker_source_up") == 1);
  CHECK(exporter.not_ready().empty());
}

TEST_CASE("applications push to a listener", "[exporter]") {
  const CapturedStderr quiet;
  CircuitBreakerExporter exporter;
  load(exporter, "statsd: {listen: ['127.0.0.1:0']}");
  exporter.serve();
  const auto sources = collect(exporter, "sources");
  CHECK(value_of(sources, "circuit_breaker_source_up", {{"source", "push"}, {"kind", "push"}}) == 1);
  CHECK(series_of(sources, "circuit_breaker_push_malformed_total") > 0);
}

TEST_CASE("a config without anything to read says so", "[exporter]") {
  CircuitBreakerExporter exporter;
  CHECK_THROWS_WITH(load(exporter, "{}"), Contains("there is nothing to read: expected --source.KIND"));
  CHECK_THROWS_WITH(load(exporter, "sources: [" + source("push", "http://localhost:1") + "]"),
                    Contains("the name push is for what applications push"));
}
