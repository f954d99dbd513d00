// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/credentials.h"
#include "http_settings.h"
#include "source.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// The admin interface of an Envoy: /stats and /clusters. What is made of them: envoy_breakers.h.
struct EnvoySettings {
  HttpSettings http;
  bool hosts = true;  ///< whether each host that can be ejected is a breaker too

  bool operator==(const EnvoySettings&) const = default;
};

EnvoySettings envoy_from_address(const std::string& address);
EnvoySettings parse_envoy(YamlMap& source, const CredentialModules& modules);
std::unique_ptr<Source> make_source(const EnvoySettings& settings);

}  // namespace binnacle::breaker
