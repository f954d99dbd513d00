// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/credentials.h"
#include "http_settings.h"
#include "json_shape.h"
#include "source.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// Any page of JSON that tells of breakers; JSON.md is its documentation.
struct JsonSettings {
  HttpSettings http;
  JsonShape shape;

  bool operator==(const JsonSettings&) const = default;
};

JsonSettings json_from_address(const std::string& address);

/// Reads the section `shape`, whose keys are JsonShape's members, and what all HTTP sources have. Throws ConfigError.
JsonSettings parse_json(YamlMap& source, const CredentialModules& modules);

std::unique_ptr<Source> make_source(const JsonSettings& settings);

}  // namespace binnacle::breaker
