// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <optional>
#include <stdexcept>

#include "core/redis/redis_url.h"
#include "core/strict_yaml.h"
#include "core/text.h"

namespace binnacle::cache {

namespace {

constexpr int kMemcachedPort = 11211;

template <class Parse>
auto parse_named(const std::string& source, const std::string& text, Parse parse) {
  try {
    return parse(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(source + ": " + error.what());
  }
}

/// As whom to log in where a URL does not say.
Credentials given_credentials(const TargetFlags& flags, const Environment& environment) {
  Credentials credentials{flags.redis_user, std::nullopt};
  if (credentials.user.empty()) credentials.user = value_of(environment, "REDIS_USER");
  auto file = flags.redis_password_file;
  if (file.empty()) file = value_of(environment, "REDIS_PASSWORD_FILE");
  if (!file.empty()) {
    credentials.password = Password::from_file(file);
  } else if (auto text = value_of(environment, "REDIS_PASSWORD"); !text.empty()) {
    credentials.password = Password::from_text(std::move(text));
  }
  return credentials;
}

TargetSpec redis_target(const std::string& source, const std::string& text, const Credentials& otherwise,
                        bool cluster) {
  auto url = parse_named(source, text, [](const std::string& url_text) { return parse_redis_url(url_text); });
  if (url.credentials.user.empty()) url.credentials.user = otherwise.user;
  if (!url.credentials.password) url.credentials.password = otherwise.password;
  return {{}, Kind::redis, std::move(url.address), std::move(url.credentials), cluster, {}};
}

Kind parse_kind(YamlMap& target) {
  const auto kind = target.text("kind");
  if (!kind || kind == "redis") return Kind::redis;
  if (kind == "memcached") return Kind::memcached;
  throw target.error("kind", "expected redis (Valkey, KeyDB, Dragonfly and Sentinel as well) or memcached");
}

Credentials parse_target_credentials(YamlMap& target, Kind kind, const CredentialModules& modules) {
  const auto* const module = find_credentials(target, modules);
  if (module == nullptr) return {};
  if (kind == Kind::memcached) throw target.error("credentials", "Memcached takes none");
  return *module;
}

Address parse_target_address(YamlMap& target, Kind kind) {
  const auto text = target.text("address");
  if (!text) throw target.error("", "expected address: host:port, or the path of a unix socket");
  try {
    return parse_address(*text, kind == Kind::redis ? kRedisPort : kMemcachedPort);
  } catch (const std::runtime_error& error) {
    throw target.error("address", error.what());
  }
}

bool parse_cluster(YamlMap& target, Kind kind) {
  const auto cluster = target.boolean("cluster");
  if (cluster && kind == Kind::memcached) throw target.error("cluster", "expected kind redis");
  return cluster.value_or(false);
}

KeysConfig parse_target_keys(YamlMap& target, Kind kind) {
  auto keys = parse_keys(target);
  if (kind == Kind::memcached && keys != KeysConfig{}) throw target.error("keys", "expected kind redis");
  return keys;
}

TargetSpec parse_target(YamlMap& target, const CredentialModules& modules) {
  TargetSpec spec;
  spec.kind = parse_kind(target);
  spec.address = parse_target_address(target, spec.kind);
  spec.credentials = parse_target_credentials(target, spec.kind, modules);
  spec.cluster = parse_cluster(target, spec.kind);
  spec.keys = parse_target_keys(target, spec.kind);
  return spec;
}

}  // namespace

std::vector<TargetSpec> given_targets(const TargetFlags& flags, const Environment& environment) {
  std::vector<TargetSpec> targets;
  const auto credentials = given_credentials(flags, environment);
  targets.reserve(flags.redis.size() + flags.memcached.size());
  for (const auto& text : flags.redis) {
    targets.push_back(redis_target("--redis.addr", text, credentials, flags.redis_cluster));
  }
  if (flags.redis.empty()) {
    const auto text = value_of(environment, "REDIS_ADDR");
    if (!text.empty()) targets.push_back(redis_target("REDIS_ADDR", text, credentials, flags.redis_cluster));
  }
  for (const auto& text : flags.memcached) {
    auto address = parse_named("--memcached.address", text,
                               [](const std::string& one) { return parse_address(one, kMemcachedPort); });
    targets.push_back({{}, Kind::memcached, std::move(address)});
  }
  return targets;
}

TargetSpec default_target(const TargetFlags& flags, const Environment& environment) {
  return redis_target("the default", "localhost", given_credentials(flags, environment), flags.redis_cluster);
}

std::vector<TargetSpec> parse_targets(YamlMap& config) { return parse_named_list(config, "targets", parse_target); }

std::vector<TargetSpec> name_targets(std::vector<TargetSpec> given, const std::vector<TargetSpec>& configured) {
  const bool several = given.size() + configured.size() > 1;
  for (auto& target : given) {
    if (several || target.cluster) target.name = target.address.name();
  }
  given.insert(given.end(), configured.begin(), configured.end());
  check_names_differ(given);
  return given;
}

}  // namespace binnacle::cache
