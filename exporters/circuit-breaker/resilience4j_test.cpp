// SPDX-License-Identifier: Apache-2.0
#include "resilience4j.h"

#include <catch2/catch.hpp>
#include <map>
#include <mutex>

#include "core/strict_yaml.h"
#include "test_http_server.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// An application whose pages the test sets; a page that is missing is a 404.
class Application {
 public:
  void show(const std::string& path, const std::string& body) {
    const std::scoped_lock locked{mutex_};
    answers_[path] = http_answer("200 OK", body, "Content-Type: application/vnd.spring-boot.actuator.v3+json\r\n");
  }
  void fail(const std::string& path, const std::string& status) {
    const std::scoped_lock locked{mutex_};
    answers_[path] = http_answer(status, "{}");
  }
  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  std::string answer(std::string_view request) {
    const std::scoped_lock locked{mutex_};
    const auto path = request.substr(4, request.find(" HTTP/") - 4);
    const auto found = answers_.find(std::string{path});
    if (!request.starts_with("GET ")) return http_answer("405 Method Not Allowed", "{}");
    return found == answers_.end() ? http_answer("404 Not Found", R"({"status":404})") : found->second;
  }

  std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  TestHttpServer server_{TestHttpServer::each([this](std::string_view request) { return answer(request); })};
};

constexpr const char* kBreakers = "/actuator/circuitbreakers";
constexpr const char* kEvents = "/actuator/circuitbreakerevents";

std::string breakers_in(const std::string& state) {
  return R"({"circuitBreakers":{"a":{"state":")" + state + R"(","failureRate":"-1.0%","notPermittedCalls":0}}})";
}
std::string events(const std::string& list) { return R"({"circuitBreakerEvents":[)" + list + "]}"; }
std::string transition(const std::string& second, const std::string& what) {
  return R"({"circuitBreakerName":"a","type":"STATE_TRANSITION","creationTime":"2026-11-21T10:00:)" + second +
         R"(+01:00[Europe/Berlin]","stateTransition":")" + what + "\"}";
}

PollContext in_time() { return {Clock::now() + 60s, -1}; }

Resilience4jSettings parse(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto settings = parse_resilience4j(config, {});
  config.finish();
  return settings;
}

}  // namespace

TEST_CASE("a breaker that trips twice between two polls shows both") {
  Application application;
  application.show(kBreakers, breakers_in("CLOSED"));
  application.show(kEvents, events(transition("01.5", "OPEN_TO_CLOSED")));
  const auto source = make_source(resilience4j_from_address(application.url()));
  auto reading = source->poll(in_time());
  REQUIRE(reading.breakers.size() == 1);
  CHECK(reading.breakers[0].id == BreakerId{"a", ""});
  CHECK_FALSE(reading.breakers[0].get(Number::failure_ratio));
  application.show(kBreakers, breakers_in("OPEN"));
  application.show(kEvents,
                   events(transition("01.5", "OPEN_TO_CLOSED") + "," + transition("02", "CLOSED_TO_OPEN") + "," +
                          transition("03", "OPEN_TO_HALF_OPEN") + "," + transition("04.000001", "HALF_OPEN_TO_OPEN")));
  reading = source->poll(in_time());
  REQUIRE(reading.breakers.at(0).path.size() == 3);
  CHECK(reading.breakers[0].path[1].state == BreakerState::half_open);
  CHECK(reading.gaps == 0);
}

TEST_CASE("an application that does not show events is read without them") {
  Application application;
  application.show(kBreakers, breakers_in("HALF_OPEN"));
  const auto source = make_source(resilience4j_from_address(application.url()));
  auto reading = source->poll(in_time());
  CHECK(reading.breakers.at(0).path.at(0).state == BreakerState::half_open);
  CHECK(reading.gaps == 0);
  SECTION("while it once did, it is a gap") {
    application.show(kEvents, events(""));
    CHECK(source->poll(in_time()).gaps == 0);
    application.fail(kEvents, "500 x");
    CHECK(source->poll(in_time()).gaps == 1);
  }
  SECTION("so are other failures") {
    application.show(kEvents, "<html>");
    CHECK(source->poll(in_time()).gaps == 1);
    application.fail(kEvents, "401 x");
    CHECK(source->poll(in_time()).gaps == 1);
  }
}

TEST_CASE("events are not asked for where the config says so") {
  Application application;
  application.show("/manage/circuitbreakers", breakers_in("OPEN"));
  application.show("/manage/circuitbreakerevents", "<html>");
  auto settings = resilience4j_from_address(application.url());
  settings.base_path = "/manage";
  settings.events = false;
  CHECK(make_source(settings)->poll(in_time()).gaps == 0);
}

TEST_CASE("an application whose breakers cannot be read") {
  Application application;
  const auto source = make_source(resilience4j_from_address(application.url()));
  CHECK_THROWS_WITH(source->poll(in_time()), "/actuator/circuitbreakers: HTTP 404");
  application.show(kBreakers, R"({"status":"UP"})");
  CHECK_THROWS_WITH(source->poll(in_time()), "expected circuitBreakers");
  application.show(kBreakers, breakers_in("OPEN"));
  CHECK(source->poll(in_time()).breakers.size() == 1);
}

TEST_CASE("the config of resilience4j") {
  CHECK(parse("url: http://app:8080/\n") == resilience4j_from_address("http://app:8080"));
  CHECK(parse("url: http://app:8080\nbase_path: /manage/\nevents: false\n").base_path == "/manage");
  CHECK_FALSE(parse("url: http://app:8080\nevents: false\n").events);
  CHECK(parse("url: http://app:8080\nbase_path: /\n").base_path.empty());
  for (const auto* path : {"actuator", "\"/a b\"", "/a?b", "\"/a#b\"", "/é"}) {
    INFO(path);
    CHECK_THROWS_WITH(parse(std::string{"url: http://a\nbase_path: "} + path + "\n"),
                      "config.yml:2: base_path: expected a path such as /actuator");
  }
  CHECK_THROWS_WITH(parse("url: http://a\nevent: true\n"), Contains("event"));
}
