// SPDX-License-Identifier: Apache-2.0
#include "upstream_config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "core/captured_stderr.h"
#include "core/strict_yaml.h"
#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::gateway;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::vector<UpstreamConfig> upstreams(const std::string& yaml) {
  auto config = YamlMap::from_text(yaml, "c.yml");
  auto parsed = parse_upstreams(config);
  config.finish();
  return parsed;
}

/// Of an upstream with these keys beside its name and URL.
UpstreamConfig upstream(const std::string& keys, const std::string& url = "https://api.example.com") {
  return upstreams("upstreams: [{name: a, url: \"" + url + "\"" + (keys.empty() ? "" : ", " + keys) + "}]").at(0);
}

std::string error_of(const std::string& keys, const std::string& url = "https://api.example.com") {
  try {
    upstream(keys, url);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string url_error(const std::string& url) {
  try {
    parse_upstream_url(url);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("URLs are taken apart", "[upstream_config]") {
  CHECK(parse_upstream_url("https://api.openai.com") == UpstreamUrl{true, "api.openai.com", "443", ""});
  CHECK(parse_upstream_url("http://vllm:8000/") == UpstreamUrl{false, "vllm", "8000", ""});
  CHECK(parse_upstream_url("https://api.groq.com/openai//") == UpstreamUrl{true, "api.groq.com", "443", "/openai"});
  CHECK(parse_upstream_url("http://[::1]:8080/a/b") == UpstreamUrl{false, "::1", "8080", "/a/b"});
  CHECK(parse_upstream_url("https://[2001:db8::1]") == UpstreamUrl{true, "2001:db8::1", "443", ""});
  CHECK(parse_upstream_url("http://127.0.0.1:1") == UpstreamUrl{false, "127.0.0.1", "1", ""});
  CHECK(parse_upstream_url("http://h:065535") == UpstreamUrl{false, "h", "65535", ""});
}

TEST_CASE("what is no upstream's URL is refused, and never repeated", "[upstream_config]") {
  CHECK(url_error("api.openai.com") == "expected a URL that begins with http:// or https://");
  CHECK(url_error("ftp://h") == "expected a URL that begins with http:// or https://");
  CHECK(url_error("HTTPS://h") == "expected a URL that begins with http:// or https://");
  CHECK_THAT(url_error("https://user:hunter2@h"), Contains("without a user or password"));
  CHECK_THAT(url_error("https://hunter2@h/"), Contains("without a user or password"));
  CHECK(url_error("https://h/?key=hunter2") == "expected a URL without a query");
  CHECK(url_error("https://h#hunter2") == "expected a URL without a query");
  CHECK(url_error("https://") == "expected a host in the URL");
  CHECK(url_error("https://:443") == "expected a host in the URL");
  CHECK(url_error("https://h%41") == "expected a host in the URL");
  CHECK_THAT(url_error("https://h h"), Contains("without blanks"));
  CHECK_THAT(url_error("https://h\r\nx: y"), Contains("without blanks"));
  CHECK_THAT(url_error("https://h\xc3\xa9"), Contains("ASCII"));
  CHECK_THAT(url_error("https://h:0"), Contains("port"));
  CHECK_THAT(url_error("https://h:65536"), Contains("port"));
  CHECK_THAT(url_error("https://h:"), Contains("port"));
  CHECK_THAT(url_error("https://h:-1"), Contains("port"));
  CHECK_THAT(url_error("https://::1"), Contains("brackets"));
  CHECK_THAT(url_error("https://[::1"), Contains("IPv6 address between the brackets"));
  CHECK_THAT(url_error("https://[h]"), Contains("IPv6 address between the brackets"));
  CHECK_THAT(url_error("https://[::1]443"), Contains("port"));
  CHECK_THAT(url_error("https://h/a//b"), Contains("//"));
  CHECK_THAT(url_error("https://h/a/../b"), Contains(".."));
  CHECK_THAT(url_error("https://h/./b"), Contains("."));
}

TEST_CASE("loopback", "[upstream_config]") {
  for (const auto* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "0:0::1"})
    CHECK(is_loopback(host));
  for (const auto* host : {"128.0.0.1", "::2", "localhost.example.com", "127.example.com", ""}) {
    CHECK_FALSE(is_loopback(host));
  }
}

TEST_CASE("an upstream needs a name and a URL, the rest has defaults", "[upstream_config]") {
  const auto plain = upstream("");
  CHECK(plain.name == "a");
  CHECK(plain.dialect == Dialect::openai);
  CHECK(plain.tls);
  CHECK(plain.host == "api.example.com");
  CHECK_FALSE(plain.key);
  CHECK(plain.key_header == "Authorization");
  CHECK(plain.ask_usage);
  CHECK_FALSE(plain.other_paths);
  CHECK(plain.on_client_abort == UpstreamConfig::OnAbort::cancel);
  CHECK(plain.connect_timeout == 5s);
  CHECK(plain.breaker.window == WindowSize{.calls = 0, .time = 60s});
  CHECK(plain.breaker.minimum_calls == 20);
  CHECK(plain.breaker.open_time == 30s);
  CHECK(plain.probe_path.empty());
  CHECK(upstream("dialect: anthropic").key_header == "x-api-key");
  CHECK(upstream("dialect: gemini").key_header == "x-goog-api-key");
}

TEST_CASE("every key of an upstream is read", "[upstream_config]") {
  const TestFolder folder;
  const auto file = folder.write("key", "sk-1\n");
  const auto all = upstream(
      "dialect: gemini, key_file: " + file +
      ", key_header: X-Key, headers: {x-team: a b, OpenAI-Organization: ''}, ca_file: /ca.pem, server_name: other, "
      "ask_usage: false, other_paths: pass, on_client_abort: drain, drain: {time: 1s, bytes: 2, streams: 3}, "
      "connect_timeout: 1ms, header_timeout: 2ms, content_timeout: 3ms, idle_timeout: 4ms, idle_connections: 0, "
      "idle_connection_time: 5ms, cool_down: 6ms, retry_ratio: 0.5, breaker: {window_calls: 40, minimum_calls: 30, "
      "failure_ratio: 0.25, slow_ratio: 0.75, slow_call: 90s, open_time: 7s, half_open_calls: 9}, "
      "probe: {path: /v1/models, interval: 10s}");
  CHECK(all.dialect == Dialect::gemini);
  CHECK(all.key->reveal() == "sk-1");
  CHECK(all.key_header == "X-Key");
  CHECK(all.headers ==
        std::vector<std::pair<std::string, std::string>>{{"x-team", "a b"}, {"OpenAI-Organization", ""}});
  CHECK(all.ca_file == "/ca.pem");
  CHECK(all.server_name == "other");
  CHECK_FALSE(all.ask_usage);
  CHECK(all.other_paths);
  CHECK(all.on_client_abort == UpstreamConfig::OnAbort::drain);
  CHECK(all.drain_time == 1s);
  CHECK(all.drain_bytes == 2);
  CHECK(all.drains == 3);
  CHECK(all.connect_timeout == 1ms);
  CHECK(all.header_timeout == 2ms);
  CHECK(all.content_timeout == 3ms);
  CHECK(all.idle_timeout == 4ms);
  CHECK(all.idle_connections == 0);
  CHECK(all.idle_connection_time == 5ms);
  CHECK(all.cool_down == 6ms);
  CHECK(all.retry_ratio == 0.5);
  CHECK(all.breaker.window.calls == 40);
  CHECK(all.breaker.minimum_calls == 30);
  CHECK(all.breaker.failure_ratio == 0.25);
  CHECK(all.breaker.slow_ratio == 0.75);
  CHECK(all.breaker.slow_call.count() == 90);
  CHECK(all.breaker.open_time == 7s);
  CHECK(all.breaker.half_open_calls == 9);
  CHECK(all.probe_path == "/v1/models");
  CHECK(all.probe_interval == 10s);
  CHECK(upstream("breaker: {window: 30s}").breaker.window == WindowSize{.calls = 0, .time = 30s});
}

TEST_CASE("keys come from a file or the environment", "[upstream_config]") {
  const TestFolder folder;
  const auto file = folder.write("key", "sk-1");
  ::setenv("AIGW_TEST_KEY", "sk-2", 1);
  CHECK(upstream("key_env: AIGW_TEST_KEY").key->reveal() == "sk-2");
  CHECK_THAT(error_of("key_env: AIGW_TEST_KEY, key_file: " + file),
             Contains("upstreams[0].key_env: excludes key_file"));
  ::setenv("AIGW_TEST_KEY", "hunter2\nx: y", 1);
  const auto message = error_of("key_env: AIGW_TEST_KEY");
  CHECK(message == "c.yml:1: upstreams[0].key_env: expected a key of one line, without blanks at its ends");
  ::unsetenv("AIGW_TEST_KEY");
  CHECK_THAT(error_of("key_env: AIGW_TEST_KEY"), Contains("key_env: no such environment variable"));
  CHECK_THAT(error_of("key_file: " + folder.path("absent")), Contains("upstreams[0].key_file: "));
  CHECK_THAT(error_of("key_file: " + folder.write("empty", "")), Contains("upstreams[0].key_file: "));
  CHECK_THAT(error_of("key_file: " + folder.write("two", "hunter2\nhunter2\n")),
             Contains("key_file: expected a key of"));
  CHECK_THAT(error_of("key_header: X-Key"), Contains("key_header: expected key_file or key_env"));
  CHECK_THAT(error_of("key_header: 'X Key', key_file: " + file), Contains("key_header: expected a header's name"));
}

TEST_CASE("a key that goes in the clear is warned of, once", "[upstream_config]") {
  const TestFolder folder;
  const auto key = "key_file: " + folder.write("key", "sk-1");
  const auto warnings = [&](const std::string& keys, const std::string& url) {
    const CapturedStderr log;
    upstream(keys, url);
    return log.lines();
  };
  const auto lines = warnings(key, "http://gpu-1:8000");
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Contains("unencrypted") && Contains("upstream=a") && !Contains("sk-1"));
  CHECK(warnings(key, "http://127.0.0.1:8000").empty());
  CHECK(warnings(key, "https://gpu-1:8000").empty());
  CHECK(warnings("", "http://gpu-1:8000").empty());
  const auto doubled = warnings("", "https://api.openai.com/v1/");
  REQUIRE(doubled.size() == 1);
  CHECK_THAT(doubled[0], Contains("/v1/v1/"));
}

TEST_CASE("headers that may not be set, or cannot be one", "[upstream_config]") {
  for (const auto* name : {"authorization", "X-API-Key", "x-goog-api-key", "Cookie", "Host", "content-length",
                           "Transfer-Encoding", "Connection", "accept-encoding"}) {
    CAPTURE(name);
    CHECK_THAT(error_of(std::string{"headers: {"} + name + ": hunter2}"),
               Contains("cannot be set here") && !Contains("hunter2"));
  }
  const TestFolder folder;
  CHECK_THAT(error_of("key_header: X-Key, headers: {x-key: b}, key_file: " + folder.write("key", "k")),
             Contains("headers.x-key: this header cannot be set"));
  CHECK_THAT(error_of("headers: {'a b': c}"), Contains("upstreams[0].headers: expected headers' names"));
  CHECK_THAT(error_of("headers: {'': c}"), Contains("expected headers' names"));
  CHECK_THAT(error_of("headers: {x-a: \"b\\r\\nc: d\"}"), Contains("headers.x-a: expected one line"));
  CHECK_THAT(error_of("headers: {x-a: \"b\\0\"}"), Contains("headers.x-a: expected one line"));
  CHECK_THAT(error_of("headers: {x-a: ' b'}"), Contains("headers.x-a: expected one line"));
  CHECK_THAT(error_of("headers: {x-a: b, X-A: c}"), Contains("headers.X-A: another header has this name"));
}

TEST_CASE("a bad upstream says where and what was expected", "[upstream_config]") {
  CHECK_THROWS_WITH(upstreams(""), Contains("expected upstreams, at least one"));
  CHECK_THROWS_WITH(upstreams("upstreams: []"), "c.yml:1: upstreams: expected upstreams, at least one");
  CHECK_THROWS_WITH(upstreams("upstreams:\n- url: https://h\n"),
                    "c.yml:2: upstreams[0].name: expected a name of letters, digits, '.', '_' and '-'");
  CHECK_THROWS_WITH(upstreams("upstreams: [{name: a}]"), Contains("upstreams[0]: expected url: https://host"));
  CHECK_THROWS_WITH(upstreams("upstreams:\n- {name: a, url: https://h}\n- {name: a, url: https://h}\n"),
                    "c.yml:3: upstreams[1].name: another upstream has this name");
  CHECK_THROWS_WITH(upstreams("upstreams: [{name: 'a b', url: https://h}]"),
                    Contains("name: expected a name of letters"));
  CHECK_THROWS_WITH(upstreams("upstreams: [{name: none, url: https://h}]"), Contains("name: none stands for"));
  CHECK_THAT(error_of("", "https://u:hunter2@h"), Contains("upstreams[0].url: expected") && !Contains("hunter2"));
  CHECK_THAT(error_of("dialect: cohere"), Contains("dialect: expected openai, anthropic or gemini"));
  CHECK_THAT(error_of("other_paths: yes"), Contains("other_paths: expected pass or refuse"));
  CHECK_THAT(error_of("on_client_abort: ignore"), Contains("on_client_abort: expected cancel or drain"));
  CHECK_THAT(error_of("ca_file: x", "http://h"), Contains("ca_file: expected a URL with https://"));
  CHECK_THAT(error_of("server_name: x", "http://h"), Contains("server_name: expected a URL with https://"));
  CHECK_THAT(error_of("server_name: 'x:1'"), Contains("server_name: expected a host's name"));
  for (const std::string key :
       {"connect_timeout", "header_timeout", "content_timeout", "idle_timeout", "idle_connection_time", "cool_down"}) {
    CHECK_THAT(error_of(key + ": 0s"), Contains(key + ": expected more than 0"));
    CHECK_THAT(error_of(key + ": 745h"), Contains(key + ": expected at most 744h"));
    CHECK_THAT(error_of(key + ": fast"), Contains(key + ": expected a duration"));
  }
  CHECK_THAT(error_of("drain: {time: 0s}"), Contains("drain.time: expected more than 0"));
  CHECK_THAT(error_of("drain: {bytes: 0}"), Contains("drain.bytes: expected 1 to"));
  CHECK_THAT(error_of("drain: {streams: -1}"), Contains("drain.streams: expected 1 to"));
  CHECK_THAT(error_of("idle_connections: -1"), Contains("idle_connections: expected 0 to"));
  CHECK_THAT(error_of("retry_ratio: 1.5"), Contains("retry_ratio: expected 0 to 1"));
  CHECK_THAT(error_of("breaker: {window: 1s, window_calls: 1}"), Contains("expected either window or window_calls"));
  CHECK_THAT(error_of("breaker: {window_calls: 10}"), Contains("window_calls: expected minimum_calls or more"));
  CHECK_THAT(error_of("breaker: {window_calls: 0}"), Contains("window_calls: expected 1 to"));
  CHECK_THAT(error_of("breaker: {window: 500ms}"), Contains("window: expected 1000ms or more"));
  CHECK_THAT(error_of("breaker: {failure_ratio: 0}"), Contains("failure_ratio: expected more than 0"));
  CHECK_THAT(error_of("breaker: {slow_ratio: 2}"), Contains("slow_ratio: expected 0 to 1"));
  CHECK_THAT(error_of("breaker: {half_open_calls: 0}"), Contains("half_open_calls: expected 1 to"));
  CHECK_THAT(error_of("probe: {}"), Contains("probe.path: expected a path such as"));
  CHECK_THAT(error_of("probe: {path: '/a b'}"), Contains("probe.path: expected a path such as"));
  CHECK_THAT(error_of("probe: {path: /a, interval: 10ms}"), Contains("probe.interval: expected 1000ms or more"));
  CHECK_THAT(error_of("timeout: 1s"), Contains("upstreams[0].timeout: unknown key, expected one of: name, dialect"));
}
