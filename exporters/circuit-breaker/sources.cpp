// SPDX-License-Identifier: Apache-2.0
#include "sources.h"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <utility>

#include "core/strict_yaml.h"
#include "core/target_list.h"

namespace binnacle::breaker {

namespace {

using namespace std::chrono_literals;

constexpr auto kTimeout = 2s;
constexpr auto kShortestInterval = 50ms;

/// Makes the functions of one kind into those of the table.
template <auto from_address>
SourceSettings settings_from(const std::string& address) {
  return from_address(address);
}
template <auto parse>
SourceSettings settings_of(YamlMap& source, const CredentialModules& modules) {
  return parse(source, modules);
}

constexpr std::array<SourceKind, 6> kKinds{{
    {"haproxy", "HAProxy: the path or host:port of its stats socket, or the URL of its stats page.", 500ms,
     settings_from<haproxy_from_address>, settings_of<parse_haproxy>},
    {"redis", "Redis that holds gobreaker's or pybreaker's state: host:port, redis://host:port or unix:///path.", 1s,
     settings_from<redis_from_address>, settings_of<parse_redis>},
    {"resilience4j", "Spring Boot application with resilience4j: its URL, to which /actuator is added.", 1s,
     settings_from<resilience4j_from_address>, settings_of<parse_resilience4j>},
    {"envoy", "Envoy: the URL of its admin interface.", 5s, settings_from<envoy_from_address>,
     settings_of<parse_envoy>},
    {"hystrix", "URL of an event stream as Hystrix has it.", 1s, settings_from<hystrix_from_address>,
     settings_of<parse_hystrix>},
    {"json", "URL of a JSON page that tells of breakers.", 1s, settings_from<json_from_address>,
     settings_of<parse_json>},
}};

const SourceKind& parse_kind(YamlMap& source) {
  const auto name = source.text("kind").value_or("");
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return one.name == name; });
  if (kind != kKinds.end()) return *kind;
  std::string known;
  for (const auto& one : kKinds) known += (known.empty() ? "" : ", ") + std::string{one.name};
  throw source.error("kind", "expected one of " + known);
}

/// All of a source but its name.
SourceSpec parse_source(YamlMap& source, const CredentialModules& modules) {
  const auto& kind = parse_kind(source);
  SourceSpec spec;
  spec.kind = kind.name;
  spec.instance = source.text("instance").value_or("");
  spec.interval = source.duration("interval").value_or(kind.interval);
  if (spec.interval < kShortestInterval) throw source.error("interval", "expected 50ms or more");
  spec.timeout = source.duration("timeout").value_or(kTimeout);
  if (spec.timeout.count() <= 0) throw source.error("timeout", "expected more than 0");
  spec.settings = kind.parse(source, modules);
  return spec;
}

}  // namespace

std::span<const SourceKind> source_kinds() { return kKinds; }

std::vector<SourceSpec> parse_sources(YamlMap& config) { return parse_named_list(config, "sources", parse_source); }

SourceSpec given_source(const SourceKind& kind, const std::string& address) {
  try {
    return {kind.name, kind.name, {}, kind.interval, kTimeout, kind.from_address(address)};
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("--source." + std::string{kind.name} + ": " + error.what());
  }
}

std::unique_ptr<Source> make_source(const SourceSettings& settings) {
  return std::visit([](const auto& one) { return make_source(one); }, settings);
}

}  // namespace binnacle::breaker
