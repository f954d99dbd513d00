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

/// resilience4j by the actuator of a Spring Boot application, which is only ever asked with GET.
struct Resilience4jSettings {
  HttpSettings http;                    ///< of the application
  std::string base_path = "/actuator";  ///< without a '/' at its end
  bool events = true;                   ///< whether circuitbreakerevents are read too

  bool operator==(const Resilience4jSettings&) const = default;
};

Resilience4jSettings resilience4j_from_address(const std::string& address);

/// Reads `base_path` and `events`, and what all HTTP sources have. Throws ConfigError.
Resilience4jSettings parse_resilience4j(YamlMap& source, const CredentialModules& modules);

/// Where the events cannot be read, the breakers alone are, and it counts as a gap; not so where the application never
/// showed its events and refuses them (HTTP 404).
std::unique_ptr<Source> make_source(const Resilience4jSettings& settings);

}  // namespace binnacle::breaker
