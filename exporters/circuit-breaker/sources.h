// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/credentials.h"
#include "envoy.h"
#include "haproxy.h"
#include "hystrix.h"
#include "json_source.h"
#include "redis_breakers.h"
#include "resilience4j.h"
#include "source.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// What one kind of source has to be told.
using SourceSettings =
    std::variant<HaproxySettings, RedisSettings, Resilience4jSettings, EnvoySettings, HystrixSettings, JsonSettings>;

/// A source to read, as flags or config name it.
struct SourceSpec {
  std::string name;                       ///< the label `source`
  std::string kind;                       ///< a row of the table in sources.cpp
  std::string instance;                   ///< the label `instance` of breakers to which the source itself gives none
  std::chrono::milliseconds interval{0};  ///< from one poll to the next
  std::chrono::milliseconds timeout{0};   ///< of one poll
  SourceSettings settings;

  bool operator==(const SourceSpec&) const = default;
};

/// A row of the table of kinds.
struct SourceKind {
  const char* name;                    ///< `kind` in the config, and the flag --source.NAME
  const char* help;                    ///< of the flag
  std::chrono::milliseconds interval;  ///< from one poll to the next, where the config does not say
  /// Of what a flag gives: an address or a URL. Throws std::runtime_error that does not repeat it.
  SourceSettings (*from_address)(const std::string& address);
  /// Of the config: all keys of the source but those that every kind has. Throws ConfigError.
  SourceSettings (*parse)(YamlMap& source, const CredentialModules& modules);
};
std::span<const SourceKind> source_kinds();

/// The section `sources` of the config file; the credentials they name are in its section `credentials`. Throws
/// ConfigError.
std::vector<SourceSpec> parse_sources(YamlMap& config);

/// A source that a flag gives; its name is the kind. Throws std::runtime_error.
SourceSpec given_source(const SourceKind& kind, const std::string& address);

std::unique_ptr<Source> make_source(const SourceSettings& settings);

}  // namespace binnacle::breaker
