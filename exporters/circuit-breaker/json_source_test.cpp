// SPDX-License-Identifier: Apache-2.0
#include "json_source.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

JsonSettings parse(const std::string& keys) {
  auto config = YamlMap::from_text("url: http://app/breakers\n" + keys, "config.yml");
  auto settings = parse_json(config, {});
  config.finish();
  return settings;
}

std::string error_of(const std::string& keys) {
  try {
    parse(keys);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "it was taken";
}

}  // namespace

TEST_CASE("a page of JSON is a source") {
  const TestHttpServer server{TestHttpServer::each([](std::string_view request) {
    return request.starts_with("GET /breakers HTTP/1.1\r\n")
               ? http_answer("200 OK", R"({"breakers":[{"name":"a","state":"open"}]})")
               : http_answer("404 x", "");
  })};
  const auto reading = make_source(json_from_address(server.url() + "/breakers/"))->poll({Clock::now() + 60s, -1});
  REQUIRE(reading.breakers.size() == 1);
  CHECK(reading.breakers[0].path[0].state == BreakerState::open);
  CHECK(reading.gaps == 0);
}

TEST_CASE("the config of a page of JSON") {
  CHECK(parse("") == json_from_address("http://app/breakers"));
  const auto shape = parse(R"(shape:
  breakers: ""
  name: /state/name
  instance: /host
  state: /state/now
  since: /state/lastTimerAt
  states: {2: open, "true": closed, OFF: disabled}
  state_flags: {half-open: /state/halfOpen, disabled: "!/state/enabled"}
  numbers: {failure_ratio: /rate, window_calls: /n~1a}
  calls: {success: /ok}
  ratio_scale: 0.01
)")
                         .shape;
  CHECK(shape.breakers.empty());
  CHECK(shape.name == "/state/name");
  CHECK(shape.instance == "/host");
  CHECK(shape.state == "/state/now");
  CHECK(shape.since == "/state/lastTimerAt");
  CHECK(shape.states == std::map<std::string, BreakerState>{{"2", BreakerState::open},
                                                            {"true", BreakerState::closed},
                                                            {"OFF", BreakerState::disabled}});
  REQUIRE(shape.state_flags.size() == 2);
  CHECK(shape.state_flags[0] == std::pair{BreakerState::half_open, std::string{"/state/halfOpen"}});
  CHECK(shape.state_flags[1] == std::pair{BreakerState::disabled, std::string{"!/state/enabled"}});
  CHECK(shape.numbers == std::map<std::string, std::string>{{"failure_ratio", "/rate"}, {"window_calls", "/n~1a"}});
  CHECK(shape.calls == std::map<std::string, std::string>{{"success", "/ok"}});
  CHECK(shape.ratio_scale == 0.01);
}

TEST_CASE("faults in the config of a page of JSON are named") {
  using Catch::Matchers::StartsWith;
  CHECK(error_of("shape: {name: a}\n") == "config.yml:2: shape.name: expected a JSON pointer: /name/name, or nothing");
  CHECK(error_of("shape: {breakers: /a~3}\n") ==
        "config.yml:2: shape.breakers: expected ~0 or ~1 for a ~ or / in a name");
  CHECK(error_of("shape: {state: \"!/a\"}\n") ==
        "config.yml:2: shape.state: expected a JSON pointer: /name/name, or nothing");
  CHECK_THAT(error_of("shape: {numbers: {failures: /a}}\n"),
             StartsWith("config.yml:2: shape.numbers.failures: expected one of failure_ratio, slow_call_ratio, "));
  CHECK(error_of("shape: {numbers: {failure_ratio: a}}\n") ==
        "config.yml:2: shape.numbers.failure_ratio: expected a JSON pointer: /name/name, or nothing");
  CHECK(error_of("shape: {calls: {ok: /a}}\n") ==
        "config.yml:2: shape.calls.ok: expected one of success, failure, timeout, slow, ignored, rejected");
  CHECK(error_of("shape: {states: {2: melted}}\n") ==
        "config.yml:2: shape.states.2: expected one of the states closed, open, half_open, forced_open, disabled, "
        "metrics_only, unknown");
  CHECK_THAT(error_of("shape: {state_flags: {melted: /a}}\n"),
             StartsWith("config.yml:2: shape.state_flags.melted: expected one of the states closed, "));
  CHECK(error_of("shape: {state_flags: {open: \"!a\"}}\n") ==
        "config.yml:2: shape.state_flags.open: expected a JSON pointer: /name/name, or nothing");
  CHECK(error_of("shape: {ratio_scale: 0}\n") == "config.yml:2: shape.ratio_scale: expected a number above 0");
  CHECK(error_of("shape: {ratio_scale: -1}\n") == "config.yml:2: shape.ratio_scale: expected a number above 0");
  CHECK_THAT(error_of("shape: {pointer: /a}\n"), StartsWith("config.yml:2: shape.pointer: "));
  CHECK_THAT(error_of("shape: [1]\n"), StartsWith("config.yml:2: shape: "));
}
