// SPDX-License-Identifier: Apache-2.0
#include "statsd_config.h"

#include <catch2/catch.hpp>
#include <string>

#include "statsd_address.h"
#include "strict_yaml.h"

using namespace binnacle;
using namespace std::chrono_literals;

namespace {

StatsdConfig read(const std::string& text) {
  auto yaml = YamlMap::from_text(text, "c.yml");
  auto config = read_statsd_config(yaml);
  yaml.finish();
  return config;
}

}  // namespace

TEST_CASE("without a section nothing listens", "[statsd]") {
  const auto config = read("");
  CHECK(config.listen.empty());
  CHECK(config.mappings.empty());
  CHECK(config.store.series_cap == 10'000);
  CHECK(config.mapper.unmapped == StatsdUnmapped::drop);
}

TEST_CASE("every key of the section is read", "[statsd]") {
  const auto config = read(R"(
statsd:
  listen: ["127.0.0.1:9125", "udp://[::1]:0", "unixgram:///run/x.sock"]
  prefix: my.
  unmapped: keep
  ttl: 10m
  series_cap: 500
  set_cap: 7
  set_window: 1m
  gauge_sign: absolute
  receive_buffer: 65536
  mappings:
  - match: app.*.load
    type: observer
    name: app_load_seconds
    help: How long.
    labels: {cache: $1}
    defaults: {tier: l1}
    tags: [op]
    scale: 0.5
    buckets: [0.1, 1, 10]
    ttl: 5m
  - {match: app.debug, action: drop}
)");
  CHECK(config.listen.size() == 3);
  CHECK(config.mapper.prefix == "my.");
  CHECK(config.mapper.unmapped == StatsdUnmapped::keep);
  CHECK(config.mapper.ttl == 10min);
  CHECK(config.store.series_cap == 500);
  CHECK(config.store.set_cap == 7);
  CHECK(config.store.set_window == 1min);
  CHECK(config.store.gauge_sign == StatsdGaugeSign::absolute);
  CHECK(config.receive_buffer == 65536);
  REQUIRE(config.mappings.size() == 2);
  const auto& load = config.mappings[0];
  CHECK(load.match == "app.*.load");
  CHECK(load.types == std::vector{StatsdType::timer, StatsdType::histogram, StatsdType::distribution});
  CHECK(load.name == "app_load_seconds");
  CHECK(load.help == "How long.");
  CHECK(load.labels == StatsdMapping::Texts{{"cache", "$1"}});
  CHECK(load.defaults == StatsdMapping::Texts{{"tier", "l1"}});
  CHECK(load.tags == std::vector<std::string>{"op"});
  CHECK(load.scale == 0.5);
  CHECK(load.buckets == std::vector<double>{0.1, 1, 10});
  CHECK(load.ttl == 5min);
  CHECK_FALSE(load.drop);
  CHECK(config.mappings[1].drop);
}

TEST_CASE("a fault in the section is named with its place", "[statsd]") {
  const auto refuse = [](const std::string& text, const std::string& what) {
    CAPTURE(text);
    CHECK_THROWS_WITH(read("statsd:\n  " + text + "\n"), Catch::StartsWith("c.yml:2: statsd") && Catch::Contains(what));
  };
  refuse("listen: [\"tcp://127.0.0.1:1\"]", "expected udp://HOST:PORT");
  refuse("listen: [\"unixgram://x\"]", "absolute path");
  refuse("listen: [\"127.0.0.1\"]", "the port is missing");
  refuse("listen: [\":1\", \":1\"]", "twice");
  refuse("listn: [\":1\"]", "listn");
  refuse("gauge_sign: minus", "expected one of delta, absolute");
  refuse("unmapped: all", "expected one of drop, keep");
  refuse("series_cap: 0", "from 1 to 1000000");
  refuse("set_cap: -1", "from 0 to 10000000");
  refuse("receive_buffer: 1", "from 4096");
  refuse("mappings: [{name: x}]", "a pattern is missing");
  refuse("mappings: [{match: a}]", "a name is missing");
  refuse("mappings: [{match: a, name: x, typ: c}]", "typ");
  refuse("mappings: [{match: a, name: x, type: c}]", "expected one of counter");
  refuse("mappings: [{match: a.*, name: $2}]", "fewer stars");
  refuse("mappings: [{match: a, name: x, buckets: [2, 1]}]", "rise");
  refuse("mappings: [{match: a, name: x, buckets: [x]}]", "list of numbers");
  refuse("mappings: [{match: a, name: x, labels: {le: x}}]", "a label's name");
  refuse("mappings: [{match: a, name: x, labels: {a-b: x}}]", "a label's name");
  refuse("mappings: [{match: a, name: x, tags: [a-b]}]", "a label's name");
}

TEST_CASE("addresses are read", "[statsd]") {
  CHECK(parse_statsd_address("udp://127.0.0.1:9125").udp.port == 9125);
  CHECK(parse_statsd_address(":8125").udp.host.empty());
  CHECK(parse_statsd_address("[::1]:8125").udp.host == "::1");
  CHECK(parse_statsd_address("unixgram:///run/a.sock").path == "/run/a.sock");
  CHECK_THROWS(parse_statsd_address("unixgram:///" + std::string(200, 'x')));
  CHECK_THROWS(parse_statsd_address(""));
}
