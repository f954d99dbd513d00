// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/credentials.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// What all requests of one source have in common.
struct HttpSettings {
  std::string url;            ///< http:// or https://, without a user or password in it, and without a '/' at its end
  Credentials credentials{};  ///< a user and a password: basic authentication; a password alone: a bearer token
  std::string ca_file{};      ///< PEM, for https; empty: the system's
  bool insecure_skip_verify = false;

  bool operator==(const HttpSettings&) const = default;
};

/// Checks a URL, and takes '/' off its end. Throws std::runtime_error with one line that does not repeat it.
std::string parse_url(std::string_view text);

/// Reads `url`, `credentials` and `tls: {ca_file, insecure_skip_verify}` of a source. Throws ConfigError.
HttpSettings parse_http_settings(YamlMap& source, const CredentialModules& modules);

}  // namespace binnacle::breaker
