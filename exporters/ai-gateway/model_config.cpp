// SPDX-License-Identifier: Apache-2.0
#include "model_config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "config_values.h"
#include "core/strict_yaml.h"

namespace binnacle::gateway {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostModels = 10'000;
constexpr std::size_t kMostTargets = 20;
constexpr std::size_t kMostLimits = 8;
constexpr std::uint64_t kMostCount = 1'000'000;
constexpr std::uint64_t kMostTokens = 1'000'000'000'000;

ModelConfig::Target parse_target(YamlMap& section, const std::string& model,
                                 const std::vector<UpstreamConfig>& upstreams) {
  ModelConfig::Target target;
  target.upstream = find_upstream(section, "upstream", upstreams);
  target.model = section.text("model").value_or(model);
  check_model_name(section, "model", target.model);
  return target;
}

void parse_targets(YamlMap& section, const std::vector<UpstreamConfig>& upstreams, ModelConfig& model) {
  auto targets = section.maps("targets");
  if (!targets || targets->empty() || targets->size() > kMostTargets) {
    throw section.error(targets ? "targets" : "", "expected targets: [{upstream: NAME}], 1 to 20 of them");
  }
  for (auto& one : *targets) {
    auto target = parse_target(one, model.name, upstreams);
    for (const auto& other : model.targets) {
      const auto& first = upstreams[other.upstream];
      const auto& second = upstreams[target.upstream];
      if (first.dialect != second.dialect) {
        throw one.error("upstream", "expected one that speaks " + std::string{name_of(first.dialect)} + " as " +
                                        first.name + " does: a fallback answers in the client's dialect, and " +
                                        second.name + " speaks " + std::string{name_of(second.dialect)});
      }
      if (other.upstream == target.upstream && other.model == target.model) {
        throw one.error("", "another target is the same");
      }
    }
    model.targets.push_back(std::move(target));
  }
}

void parse_queue(YamlMap& section, ModelGate::Settings& gate) {
  gate.concurrency = read_count(section, "concurrency", gate.concurrency, 0, kMostCount);
  auto queue = section.map("queue");
  if (!queue) return;
  gate.queue_length = read_count(*queue, "length", gate.queue_length, 0, kMostCount);
  read_time(*queue, "wait", gate.queue_wait);
}

RateLimit parse_limit(YamlMap& section) {
  const bool requests = section.integer("requests").has_value();
  const bool tokens = section.integer("tokens").has_value();
  if (requests == tokens) throw section.error("", "expected either requests or tokens, and per: 1m");
  RateLimit limit;
  limit.kind = requests ? RateLimit::Kind::requests : RateLimit::Kind::tokens;
  limit.amount = read_count(section, requests ? "requests" : "tokens", 0, 1, kMostTokens);
  milliseconds per = limit.per;
  read_time(section, "per", per, 1s);
  limit.per = std::chrono::duration_cast<std::chrono::seconds>(per);
  if (limit.per != per) throw section.error("per", "expected whole seconds");
  return limit;
}

void parse_limits(YamlMap& section, ModelConfig& model) {
  auto limits = section.maps("limits");
  if (!limits) return;
  if (limits->size() > kMostLimits) throw section.error("limits", "expected at most 8");
  for (auto& one : *limits) {
    const auto limit = parse_limit(one);
    const bool taken = std::any_of(model.limits.begin(), model.limits.end(), [&](const RateLimit& other) {
      return other.kind == limit.kind && other.per == limit.per;
    });
    if (taken) throw one.error("", "another limit counts the same in the same time");
    model.limits.push_back(limit);
  }
}

void parse_attempts(YamlMap& section, AttemptPolicy& policy) {
  policy.attempts =
      static_cast<int>(read_count(section, "attempts", static_cast<std::uint64_t>(policy.attempts), 1, 20));
  policy.retries = static_cast<int>(read_count(section, "retries", static_cast<std::uint64_t>(policy.retries), 0, 19));
  read_time(section, "backoff", policy.backoff);
  read_time(section, "backoff_limit", policy.backoff_limit);
  if (policy.backoff_limit < policy.backoff) {
    throw section.error(section.duration("backoff_limit") ? "backoff_limit" : "backoff",
                        "expected a backoff_limit of no less than backoff");
  }
  read_time(section, "retry_after_limit", policy.retry_after_limit, 0ms);
}

ModelConfig parse_model(YamlMap& section, const std::vector<UpstreamConfig>& upstreams) {
  ModelConfig model;
  model.name = section.text("name").value_or("");
  check_model_name(section, "name", model.name);
  if (model.name == "other") throw section.error("name", "other stands for unknown models; expected another name");
  model.aliases = section.texts("aliases").value_or(std::vector<std::string>{});
  for (const auto& alias : model.aliases) check_model_name(section, "aliases", alias);
  parse_targets(section, upstreams, model);
  parse_queue(section, model.gate);
  parse_limits(section, model);
  model.output_reserve = read_count(section, "output_reserve", model.output_reserve, 0, kMostTokens);
  parse_attempts(section, model.attempts);
  return model;
}

}  // namespace

std::size_t find_upstream(YamlMap& section, const std::string& key, const std::vector<UpstreamConfig>& upstreams) {
  const auto name = section.text(key).value_or("");
  const auto found =
      std::find_if(upstreams.begin(), upstreams.end(), [&](const auto& upstream) { return upstream.name == name; });
  if (found == upstreams.end()) throw section.error(key, "expected the name of one of upstreams");
  return static_cast<std::size_t>(found - upstreams.begin());
}

std::vector<ModelConfig> parse_models(YamlMap& config, const std::vector<UpstreamConfig>& upstreams) {
  std::vector<ModelConfig> models;
  auto sections = config.maps("models");
  if (!sections) return models;
  if (sections->size() > kMostModels) throw config.error("models", "expected at most 10000");
  std::set<std::string, std::less<>> names;
  for (auto& section : *sections) {
    auto model = parse_model(section, upstreams);
    if (!names.insert(model.name).second) throw section.error("name", "another model has this name or alias");
    for (const auto& alias : model.aliases) {
      if (!names.insert(alias).second) throw section.error("aliases", "another model has one of these names");
    }
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace binnacle::gateway
