// SPDX-License-Identifier: Apache-2.0
#include "gateway_config.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/strict_yaml.h"
#include "core/test_folder.h"

using namespace binnacle;
using namespace binnacle::gateway;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kBegin =
    "upstreams:\n"
    "- {name: one, url: https://one.example.com}\n"
    "- {name: two, url: https://two.example.com}\n"
    "- {name: claude, dialect: anthropic, url: https://api.anthropic.com}\n";
constexpr const char* kModel = "models: [{name: m, targets: [{upstream: one}]}]\n";

GatewayConfig parse(const std::string& yaml, const std::vector<std::string>& listen = {}) {
  auto config = YamlMap::from_text(yaml, "c.yml");
  auto gateway = GatewayConfig::parse(config, listen);
  config.finish();
  return gateway;
}

/// With upstreams and a model before it.
GatewayConfig with(const std::string& yaml) { return parse(kBegin + (kModel + yaml)); }

/// Of a model with these keys beside its name and target.
ModelConfig model(const std::string& keys) {
  return parse(kBegin + ("models: [{name: m, targets: [{upstream: one}], " + keys + "}]")).models.at(0);
}

template <typename Parse>
std::string error_of(Parse parse) {
  try {
    parse();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string model_error(const std::string& keys) {
  return error_of([&] { model(keys); });
}
std::string rest_error(const std::string& yaml) {
  return error_of([&] { with(yaml); });
}
std::string models_error(const std::string& yaml) {
  return error_of([&] { parse(kBegin + yaml); });
}

}  // namespace

TEST_CASE("upstreams and models are enough", "[gateway_config]") {
  const auto gateway = with("");
  CHECK(gateway.front.listen == std::vector<std::string>{"127.0.0.1:8911"});
  CHECK(gateway.front.max_connections == 2'000);
  CHECK(gateway.front.client_keys.empty());
  CHECK(gateway.upstreams.size() == 3);
  REQUIRE(gateway.models.size() == 1);
  CHECK(gateway.models[0].targets.at(0).upstream == 0);
  CHECK(gateway.models[0].targets.at(0).model == "m");
  CHECK(gateway.models[0].attempts == AttemptPolicy{});
  CHECK(gateway.models[0].gate == ModelGate::Settings{});
  CHECK(gateway.unknown_models.empty());
  CHECK(gateway.prices.size() == 0);
  CHECK_FALSE(gateway.shared);
  CHECK_FALSE(gateway.daily_budget_usd);
  CHECK_FALSE(gateway.otel);
  CHECK(gateway.via == "aigw");
}

TEST_CASE("models are found by whole names and aliases", "[gateway_config]") {
  auto gateway =
      parse(kBegin + std::string{"models:\n"
                                 "- {name: fast, aliases: [gpt-4o-mini, fast-2], targets: [{upstream: one}]}\n"
                                 "- {name: slow, targets: [{upstream: two, model: o3}]}\n"});
  REQUIRE(gateway.find_model("fast") != nullptr);
  CHECK(gateway.find_model("fast")->name == "fast");
  CHECK(gateway.find_model("gpt-4o-mini") == gateway.find_model("fast"));
  CHECK(gateway.find_model("fast-2") == gateway.find_model("fast"));
  CHECK(gateway.find_model("slow")->targets[0].model == "o3");
  for (const auto* name : {"", "Fast", "fas", "fast ", "o3"}) CHECK(gateway.find_model(name) == nullptr);
  const auto copy = gateway;
  CHECK(copy.find_model("slow") == &copy.models[1]);
  gateway.models.erase(gateway.models.begin());
  gateway.index_models();
  CHECK(gateway.find_model("slow") == gateway.models.data());
  CHECK(gateway.find_model("fast") == nullptr);
}

TEST_CASE("every key of the proxy is read", "[gateway_config]") {
  const TestFolder folder;
  const auto gateway = with(
      "proxy: {listen: ['127.0.0.1:1', '[::1]:2', ':3'], max_connections: 10, max_header_bytes: 2048, "
      "max_body_bytes: 4, max_held_bytes: 5, header_time: 1s, idle_time: 2s, write_time: 3s, deadline: 4s, "
      "total_time: 5s, shutdown_grace: 0s, client_key_files: ['" +
      folder.write("a", "k1\n") + "', '" + folder.write("b", "k2") + "'], via: false}\notel: true\n" +
      "budget: {usd_per_day: 99.5}\n");
  const auto& front = gateway.front;
  CHECK(front.listen == std::vector<std::string>{"127.0.0.1:1", "[::1]:2", ":3"});
  CHECK(front.max_connections == 10);
  CHECK(front.max_header_bytes == 2048);
  CHECK(front.max_body_bytes == 4);
  CHECK(front.max_held_bytes == 5);
  CHECK(front.header_time == 1s);
  CHECK(front.idle_time == 2s);
  CHECK(front.write_time == 3s);
  CHECK(front.deadline == 4s);
  CHECK(front.total_time == 5s);
  CHECK(front.shutdown_grace == 0s);
  REQUIRE(front.client_keys.size() == 2);
  CHECK(front.client_keys[0].reveal() == "k1");
  CHECK(front.client_keys[1].reveal() == "k2");
  CHECK(gateway.via.empty());
  CHECK(gateway.otel);
  CHECK(gateway.daily_budget_usd == 99.5);
}

TEST_CASE("addresses of flags go before the config's", "[gateway_config]") {
  const auto yaml = std::string{kBegin} + kModel;
  CHECK(parse(yaml, {":5"}).front.listen == std::vector<std::string>{":5"});
  CHECK(parse(yaml + "proxy: {listen: [':6']}", {":5", ":7"}).front.listen == std::vector<std::string>{":5", ":7"});
  CHECK_THROWS_WITH(parse(yaml, {"nowhere"}), Contains("listen address \"nowhere\""));
  CHECK_THROWS_WITH(parse(yaml + "proxy: {listen: ['x']}", {":5"}), Contains("c.yml:6: proxy.listen: listen address"));
  CHECK_THAT(rest_error("proxy: {listen: []}"), Contains("proxy.listen: expected one address or more"));
  CHECK_THAT(rest_error("proxy: {listen: ['::1:80']}"), Contains("an IPv6 address needs brackets"));
}

TEST_CASE("every key of a model is read", "[gateway_config]") {
  const auto all = model(
      "concurrency: 4, queue: {length: 0, wait: 1s}, limits: [{requests: 60, per: 1m}, {tokens: 90000, per: 24h}, "
      "{tokens: 5}], output_reserve: 0, attempts: 5, retries: 0, backoff: 1ms, backoff_limit: 1ms, "
      "retry_after_limit: 0s");
  CHECK(all.gate.concurrency == 4);
  CHECK(all.gate.queue_length == 0);
  CHECK(all.gate.queue_wait == 1s);
  CHECK(all.limits == std::vector<RateLimit>{{RateLimit::Kind::requests, 60, 60s},
                                             {RateLimit::Kind::tokens, 90'000, 24h},
                                             {RateLimit::Kind::tokens, 5, 60s}});
  CHECK(all.output_reserve == 0);
  CHECK(all.attempts == AttemptPolicy{5, 0, 1ms, 1ms, 0ms});
}

TEST_CASE("a bad model says where and what was expected", "[gateway_config]") {
  CHECK_THAT(models_error("models: [{targets: [{upstream: one}]}]"),
             Contains("c.yml:5: models[0].name: expected a name"));
  CHECK_THAT(models_error("models: [{name: \"a\\nb\", targets: [{upstream: one}]}]"), Contains("models[0].name"));
  CHECK_THAT(models_error("models: [{name: other, targets: [{upstream: one}]}]"), Contains("other stands for unknown"));
  CHECK_THAT(models_error("models: [{name: a}]"), Contains("models[0]: expected targets: [{upstream: NAME}]"));
  CHECK_THAT(models_error("models: [{name: a, targets: []}]"), Contains("models[0].targets: expected targets"));
  CHECK_THAT(models_error("models: [{name: a, targets: [{upstream: three}]}]"),
             Contains("models[0].targets[0].upstream: expected the name of one of upstreams"));
  CHECK_THAT(models_error("models: [{name: a, targets: [{model: x}]}]"),
             Contains("targets[0].upstream: expected the n"));
  CHECK_THAT(
      models_error("models: [{name: a, targets: [{upstream: one}, {upstream: claude}]}]"),
      Contains("models[0].targets[1].upstream: expected one that speaks openai as one does: a fallback answers in "
               "the client's dialect, and claude speaks anthropic"));
  CHECK_THAT(models_error("models: [{name: a, targets: [{upstream: one}, {upstream: one, model: a}]}]"),
             Contains("models[0].targets[1]: another target is the same"));
  CHECK(models_error("models: [{name: a, targets: [{upstream: one}, {upstream: one, model: b}]}]") == "no error");
  CHECK_THAT(models_error("models: [{name: a, targets: [{upstream: one}]}, {name: a, targets: [{upstream: one}]}]"),
             Contains("models[1].name: another model has this name or alias"));
  CHECK_THAT(
      models_error("models: [{name: a, targets: [{upstream: one}]}, {name: b, aliases: [a], targets: [{upstream: "
                   "one}]}]"),
      Contains("models[1].aliases: another model has one of these names"));
  CHECK_THAT(models_error("models: [{name: a, aliases: [b, b], targets: [{upstream: one}]}]"), Contains("[0].aliases"));
  CHECK_THAT(models_error("models: [{name: a, aliases: [''], targets: [{upstream: one}]}]"),
             Contains("[0].aliases: exp"));
  CHECK_THAT(models_error(""), Contains("expected models, or unknown_models"));

  CHECK_THAT(model_error("concurrency: -1"), Contains("models[0].concurrency: expected 0 to"));
  CHECK_THAT(model_error("queue: {length: -1}"), Contains("models[0].queue.length: expected 0 to"));
  CHECK_THAT(model_error("queue: {wait: 0s}"), Contains("models[0].queue.wait: expected more than 0"));
  CHECK_THAT(model_error("limits: [{per: 1m}]"), Contains("models[0].limits[0]: expected either requests or tokens"));
  CHECK_THAT(model_error("limits: [{requests: 1, tokens: 1}]"), Contains("limits[0]: expected either requests or tok"));
  CHECK_THAT(model_error("limits: [{requests: 0}]"), Contains("limits[0].requests: expected 1 to"));
  CHECK_THAT(model_error("limits: [{tokens: 1, per: 999ms}]"), Contains("limits[0].per: expected 1000ms or more"));
  CHECK_THAT(model_error("limits: [{tokens: 1, per: 1500ms}]"), Contains("limits[0].per: expected whole seconds"));
  CHECK_THAT(model_error("limits: [{tokens: 1, per: 60s}, {tokens: 2}]"), Contains("limits[1]: another limit counts"));
  CHECK_THAT(model_error("output_reserve: -1"), Contains("output_reserve: expected 0 to"));
  CHECK_THAT(model_error("attempts: 0"), Contains("attempts: expected 1 to 20"));
  CHECK_THAT(model_error("retries: 20"), Contains("retries: expected 0 to 19"));
  CHECK_THAT(model_error("backoff: 0s"), Contains("backoff: expected more than 0"));
  CHECK_THAT(model_error("backoff: 6s"), Contains("backoff: expected a backoff_limit of no less"));
  CHECK_THAT(model_error("timeout: 6s"), Contains("models[0].timeout: unknown key"));
}

TEST_CASE("models that are unknown go to an upstream of their dialect", "[gateway_config]") {
  const auto gateway = parse(std::string{kBegin} + "unknown_models: {openai: two, anthropic: claude}\n");
  CHECK(gateway.models.empty());
  CHECK(gateway.unknown_models == std::map<Dialect, std::size_t>{{Dialect::openai, 1}, {Dialect::anthropic, 2}});
  CHECK_THAT(rest_error("unknown_models: {openai: claude}"),
             Contains("unknown_models.openai: expected an upstream that speaks openai; this one speaks anthropic"));
  CHECK_THAT(rest_error("unknown_models: {gemini: google}"),
             Contains("unknown_models.gemini: expected the name of one"));
  CHECK_THAT(rest_error("unknown_models: {cohere: one}"), Contains("unknown_models.cohere: unknown key"));
}

TEST_CASE("shared limits", "[gateway_config]") {
  const TestFolder folder;
  const auto file = folder.write("password", "pw");
  const auto plain = with("shared_limits: {url: 'redis://redis-1:6379/2'}").shared;
  REQUIRE(plain);
  CHECK(plain->url == "redis://redis-1:6379/2");
  CHECK_FALSE(plain->credentials);
  CHECK(plain->prefix == "aigw:");
  CHECK(plain->timeout == 100ms);
  const auto all =
      with("shared_limits: {url: /run/redis.sock, prefix: 'p:', timeout: 1s, retry: 2s, password_file: " + file + "}")
          .shared;
  CHECK(all->credentials->password->reveal() == "pw");
  CHECK(all->credentials->user.empty());
  CHECK(all->prefix == "p:");
  CHECK(all->timeout == 1s);
  CHECK(all->retry == 2s);
  const auto credentials = "credentials: {c: {username: u, password_file: " + file + "}}\n";
  const auto named = with(credentials + "shared_limits: {url: 'redis-1:6379', credentials: c}").shared;
  CHECK(named->credentials->user == "u");
  CHECK_THAT(rest_error("shared_limits: {}"), Contains("shared_limits: expected url: redis://host:6379"));
  CHECK_THAT(rest_error("shared_limits: {url: 'redis://u:hunter2@h'}"),
             Contains("shared_limits.url: expected a URL without a password") && !Contains("hunter2"));
  CHECK_THAT(rest_error("shared_limits: {url: 'http://h'}"), Contains("shared_limits.url: expected redis://"));
  CHECK_THAT(rest_error(credentials + "shared_limits: {url: h, credentials: c, password_file: " + file + "}"),
             Contains("password_file: excludes credentials"));
  CHECK_THAT(rest_error("shared_limits: {url: h, password_file: /nonexistent}"),
             Contains("shared_limits.password_file"));
  CHECK_THAT(rest_error("shared_limits: {url: h, credentials: d}"), Contains("shared_limits.credentials: expected"));
  CHECK_THAT(rest_error("shared_limits: {url: h, prefix: '{a}'}"), Contains("shared_limits.prefix: expected"));
  CHECK_THAT(rest_error("shared_limits: {url: h, timeout: 0s}"),
             Contains("shared_limits.timeout: expected more than 0"));
}

TEST_CASE("what else is wrong says where and what was expected", "[gateway_config]") {
  const TestFolder folder;
  CHECK_THAT(rest_error("proxy: {max_connections: 0}"), Contains("c.yml:6: proxy.max_connections: expected 1 to"));
  CHECK_THAT(rest_error("proxy: {max_header_bytes: 10}"), Contains("proxy.max_header_bytes: expected 1024 to"));
  CHECK_THAT(rest_error("proxy: {max_held_bytes: 10}"), Contains("proxy.max_held_bytes: expected a max_held_bytes of"));
  CHECK_THAT(rest_error("proxy: {max_body_bytes: 1000000000000}"),
             Contains("proxy.max_body_bytes: expected a max_held"));
  CHECK_THAT(rest_error("proxy: {deadline: 0s}"), Contains("proxy.deadline: expected more than 0"));
  CHECK_THAT(rest_error("proxy: {total_time: 1s}"), Contains("proxy.total_time: expected a total_time of no less"));
  CHECK_THAT(rest_error("proxy: {deadline: 2h}"), Contains("proxy.deadline: expected a total_time of no less"));
  CHECK_THAT(rest_error("proxy: {client_key_files: []}"),
             Contains("proxy.client_key_files: expected one file or more"));
  CHECK_THAT(rest_error("proxy: {client_key_files: [/nonexistent]}"), Contains("proxy.client_key_files: "));
  CHECK_THAT(rest_error("proxy: {client_key_files: ['" + folder.write("e", "") + "']}"),
             Contains("client_key_files: "));
  CHECK_THAT(rest_error("proxy: {client_key_files: ['" + folder.write("k", "hunter2\n\n") + "']}"),
             Contains("expected a key of one line") && !Contains("hunter2"));
  CHECK_THAT(rest_error("proxy: {lissen: [a]}"),
             Contains("c.yml:6: proxy.lissen: unknown key, expected one of: listen"));
  CHECK_THAT(rest_error("budget: {usd_per_day: 0}"), Contains("budget.usd_per_day: expected dollars, more than 0"));
  CHECK_THAT(rest_error("budget: {}"), Contains("budget.usd_per_day: expected dollars"));
  CHECK_THAT(rest_error("otel: 1"), Contains("otel: expected true or false"));
  CHECK_THAT(rest_error("promts: []"),
             Contains("c.yml:6: promts: unknown key, expected one of: proxy, upstreams, models"));
  CHECK_THAT(rest_error("prices: [{model: a}]"), Contains("prices[0]: expected either prices"));
}
