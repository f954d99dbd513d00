// SPDX-License-Identifier: Apache-2.0
#include "gateway_config.h"

#include <stdexcept>

#include "config_values.h"
#include "core/listen_address.h"
#include "core/redis/redis_url.h"
#include "core/strict_yaml.h"
#include "model_config.h"
#include "upstream_config.h"

namespace binnacle::gateway {

namespace {

using namespace std::chrono_literals;

constexpr const char* kDefaultListen = "127.0.0.1:8911";
constexpr const char* kVia = "aigw";
constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{16} << 20U;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40U;
constexpr double kMostBudget = 1e9;

std::vector<std::string> parse_listen(YamlMap& config, const std::vector<std::string>& flags) {
  auto proxy = config.map("proxy");
  // The config's are looked at in any case, so that no flag hides a fault in them.
  auto listed = proxy ? proxy->texts("listen") : std::nullopt;
  if (listed && listed->empty()) throw proxy->error("listen", "expected one address or more");
  if (listed) {
    try {
      for (const auto& text : *listed) parse_listen_address(text);
    } catch (const std::runtime_error& error) {
      throw proxy->error("listen", error.what());
    }
  }
  for (const auto& text : flags) parse_listen_address(text);
  if (!flags.empty()) return flags;
  return listed.value_or(std::vector<std::string>{kDefaultListen});
}

std::vector<Secret> parse_client_keys(YamlMap& proxy) {
  std::vector<Secret> keys;
  const auto files = proxy.texts("client_key_files");
  if (!files) return keys;
  if (files->empty())
    throw proxy.error("client_key_files", "expected one file or more; without this key all may use it");
  for (const auto& file : *files) {
    try {
      keys.push_back(Secret::from_file(file));
    } catch (const std::runtime_error& error) {
      throw proxy.error("client_key_files", error.what());
    }
    if (!is_header_value(keys.back().reveal())) {
      throw proxy.error("client_key_files", file + ": expected a key of one line, without blanks at its ends");
    }
  }
  return keys;
}

void parse_front(YamlMap& config, GatewayConfig& gateway) {
  gateway.via = kVia;
  auto proxy = config.map("proxy");
  if (!proxy) return;
  auto& front = gateway.front;
  front.max_connections = read_count(*proxy, "max_connections", front.max_connections, 1, 1'000'000);
  front.max_header_bytes = read_count(*proxy, "max_header_bytes", front.max_header_bytes, 1024, kMostHeaderBytes);
  front.max_body_bytes = read_count(*proxy, "max_body_bytes", front.max_body_bytes, 1, kMostBytes);
  front.max_held_bytes = read_count(*proxy, "max_held_bytes", front.max_held_bytes, 1, kMostBytes);
  if (front.max_held_bytes < front.max_body_bytes) {
    throw proxy->error(proxy->integer("max_held_bytes") ? "max_held_bytes" : "max_body_bytes",
                       "expected a max_held_bytes of no less than max_body_bytes");
  }
  read_time(*proxy, "header_time", front.header_time);
  read_time(*proxy, "idle_time", front.idle_time);
  read_time(*proxy, "write_time", front.write_time);
  read_time(*proxy, "deadline", front.deadline);
  read_time(*proxy, "total_time", front.total_time);
  if (front.total_time < front.deadline) {
    throw proxy->error(proxy->duration("total_time") ? "total_time" : "deadline",
                       "expected a total_time of no less than deadline");
  }
  read_time(*proxy, "shutdown_grace", front.shutdown_grace, 0ms);
  front.client_keys = parse_client_keys(*proxy);
  if (!proxy->boolean("via").value_or(true)) gateway.via.clear();
}

void parse_unknown_models(YamlMap& config, GatewayConfig& gateway) {
  auto section = config.map("unknown_models");
  if (!section) return;
  for (const auto dialect : kDialects) {
    const std::string key{name_of(dialect)};
    if (!section->text(key)) continue;
    const auto upstream = find_upstream(*section, key, gateway.upstreams);
    const auto spoken = gateway.upstreams[upstream].dialect;
    if (spoken != dialect) {
      throw section->error(
          key, "expected an upstream that speaks " + key + "; this one speaks " + std::string{name_of(spoken)});
    }
    gateway.unknown_models[dialect] = upstream;
  }
}

std::optional<Credentials> parse_shared_credentials(YamlMap& config, YamlMap& section) {
  const auto modules = parse_credentials(config);
  const auto* const module = find_credentials(section, modules);
  const auto file = section.text("password_file");
  if (module != nullptr && file) throw section.error("password_file", "excludes credentials");
  if (module != nullptr) return *module;
  if (!file) return std::nullopt;
  try {
    return Credentials{{}, Password::from_file(*file)};
  } catch (const std::runtime_error& error) {
    throw section.error("password_file", error.what());
  }
}

void parse_shared_limits(YamlMap& config, GatewayConfig& gateway) {
  auto section = config.map("shared_limits");
  if (!section) return;
  SharedLimits::Settings settings;
  const auto url = section->text("url");
  if (!url) throw section->error("", "expected url: redis://host:6379");
  try {
    if (parse_redis_url(*url).credentials.password) {
      throw std::runtime_error("expected a URL without a password; it belongs into password_file or credentials");
    }
  } catch (const std::runtime_error& error) {
    throw section->error("url", error.what());
  }
  settings.url = *url;
  settings.credentials = parse_shared_credentials(config, *section);
  settings.prefix = section->text("prefix").value_or(settings.prefix);
  if (settings.prefix.size() > 100 || settings.prefix.find_first_of("{}") != std::string::npos) {
    throw section->error("prefix", "expected at most 100 bytes without { and }");
  }
  read_time(*section, "timeout", settings.timeout);
  read_time(*section, "retry", settings.retry);
  gateway.shared = std::move(settings);
}

void parse_budget(YamlMap& config, GatewayConfig& gateway) {
  auto budget = config.map("budget");
  if (!budget) return;
  const auto usd = budget->number("usd_per_day");
  if (!usd || !(*usd > 0) || *usd > kMostBudget) {
    throw budget->error("usd_per_day", "expected dollars, more than 0");
  }
  gateway.daily_budget_usd = usd;
}

}  // namespace

const ModelConfig* GatewayConfig::find_model(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &models[found->second];
}

void GatewayConfig::index_models() {
  by_name_.clear();
  for (std::size_t at = 0; at < models.size(); ++at) {
    by_name_.emplace(models[at].name, at);
    for (const auto& alias : models[at].aliases) by_name_.emplace(alias, at);
  }
}

GatewayConfig GatewayConfig::parse(YamlMap& config, const std::vector<std::string>& listen) {
  GatewayConfig gateway;
  gateway.front.listen = parse_listen(config, listen);
  parse_front(config, gateway);
  gateway.upstreams = parse_upstreams(config);
  gateway.models = parse_models(config, gateway.upstreams);
  gateway.index_models();
  parse_unknown_models(config, gateway);
  if (gateway.models.empty() && gateway.unknown_models.empty()) {
    throw config.error("", "expected models, or unknown_models to let all of them pass");
  }
  gateway.prices = PriceTable::parse(config);
  parse_shared_limits(config, gateway);
  parse_budget(config, gateway);
  gateway.otel = config.boolean("otel").value_or(false);
  return gateway;
}

}  // namespace binnacle::gateway
