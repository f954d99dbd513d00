// SPDX-License-Identifier: Apache-2.0
#include "hystrix.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

using States = std::vector<BreakerState>;

constexpr const char* kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

std::string event(const std::string& name, bool open) {
  return R"(data: {"type":"HystrixCommand","name":")" + name + R"(","isCircuitBreakerOpen":)" +
         (open ? "true" : "false") + "}\n\n";
}

PollContext soon() { return {Clock::now() + 10s, -1}; }

HystrixSettings settings_of(const TestHttpServer& server) {
  HystrixSettings settings;
  settings.http.url = server.url() + "/hystrix.stream";
  return settings;
}

States path(const Observation& breaker) {
  States states;
  for (const auto& step : breaker.path) states.push_back(step.state);
  return states;
}

HystrixSettings parsed(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto settings = parse_hystrix(config, {});
  config.finish();
  return settings;
}

}  // namespace

TEST_CASE("all changes of one stretch of the stream are in the path", "[hystrix]") {
  TestHttpServer server{[](TestHttpServer::Connection& connection) {
    CHECK_THAT(connection.request(), Contains("GET /hystrix.stream?cluster=a "));
    REQUIRE(connection.send(kHead + std::string{"retry: 1000\n: ping\n\n"} + event("pay", false) + event("ship", true) +
                            event("pay", true) + event("pay", true) + event("pay", false)));
    connection.wait_for_end();
  }};
  auto settings = settings_of(server);
  settings.query = "cluster=a";
  const auto source = make_source(settings);
  auto reading = source->poll(soon());
  REQUIRE(reading.breakers.size() == 2);
  CHECK(reading.breakers[0].id.breaker == "pay");
  CHECK(path(reading.breakers[0]) == States{BreakerState::closed, BreakerState::open, BreakerState::closed});
  CHECK(reading.breakers[0].path[0].ago >= reading.breakers[0].path[2].ago);
  CHECK(path(reading.breakers[1]) == States{BreakerState::open});
  reading = source->poll(soon());  // nothing new, on the same connection
  REQUIRE(reading.breakers.size() == 2);
  CHECK(path(reading.breakers[0]) == States{BreakerState::closed});
  CHECK(server.connections() == 1);
}

TEST_CASE("a stream that ends, garbage and an endless event are failures, and the next poll connects anew",
          "[hystrix]") {
  std::atomic<int> turn = 0;
  TestHttpServer server{[&turn](TestHttpServer::Connection& connection) {
    connection.request();
    switch (turn++) {
      case 0:
        CHECK(connection.send(kHead + event("pay", true)));
        return;  // and the connection is closed
      case 1:
        CHECK(connection.send(kHead + std::string{"data: {garbage\n\n"}));
        break;
      case 2:
        CHECK(connection.send(kHead + std::string{"data: "}));
        while (connection.send(std::string(65'536, 'x'))) {
        }
        break;
      default:
        CHECK(connection.send(kHead + event("pay", false)));
    }
    connection.wait_for_end();
  }};
  const auto source = make_source(settings_of(server));
  const auto failure = [&] {
    try {
      source->poll(soon());
    } catch (const SourceError& error) {
      return error.failure();
    }
    FAIL("it was read");
    throw;
  };
  CHECK(failure() == Failure::unreachable);
  CHECK(failure() == Failure::bad_reply);
  CHECK(failure() == Failure::too_large);
  const auto reading = source->poll(soon());
  REQUIRE(reading.breakers.size() == 1);
  CHECK(path(reading.breakers[0]) == States{BreakerState::closed});
}

TEST_CASE("a stream that says nothing any more is dead", "[hystrix]") {
  TestHttpServer server{[](TestHttpServer::Connection& connection) {
    connection.request();
    if (connection.send(kHead + event("pay", true))) connection.wait_for_end();
  }};
  auto settings = settings_of(server);
  settings.silence = 1500ms;
  const auto source = make_source(settings);
  const auto poll_on = [&] {
    for (;;) source->poll(soon());
  };
  CHECK_THROWS_WITH(poll_on(), Contains("silent"));
  CHECK(server.connections() == 1);
  CHECK_THROWS_WITH(poll_on(), Contains("silent"));
  CHECK(server.connections() == 2);
}

TEST_CASE("addresses and the config", "[hystrix]") {
  const auto given = hystrix_from_address("http://turbine:8080/turbine.stream?cluster=orders");
  CHECK(given.http.url == "http://turbine:8080/turbine.stream");
  CHECK(given.query == "cluster=orders");
  CHECK(hystrix_from_address("http://a/hystrix.stream").query.empty());
  CHECK_THROWS(hystrix_from_address("a:1"));
  CHECK_THROWS_WITH(hystrix_from_address("http://a/?token=hunter2 x"), !Contains("hunter2"));
  const auto settings = parsed("{url: 'http://a/s', query: 'cluster=b', silence: 30s}");
  CHECK(settings.query == "cluster=b");
  CHECK(settings.silence == 30s);
  for (const auto* const text :
       {"{}", "{url: 'http://a', silence: 0s}", "{url: 'http://a', query: 'a b'}", "{url: 'http://a', x: 1}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parsed(text), ConfigError);
  }
}
