// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/address.h"
#include "core/credentials.h"
#include "http_settings.h"
#include "source.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// HAProxy's statistics: of a unix or TCP socket (`stats socket`, of any level), or of a page (`stats uri`, as CSV). It
/// has to be one process: behind a balancer of several, their counters would go up and down. What is read from them is
/// in haproxy_breakers.h.
struct HaproxySettings {
  std::optional<Address> socket;
  std::optional<HttpSettings> page;  ///< where there is no socket

  bool operator==(const HaproxySettings&) const = default;
};

/// A path, "host:port" (9999 where no port is given), or a page's URL. Throws std::runtime_error with one line that
/// does not repeat it.
HaproxySettings haproxy_from_address(const std::string& address);

/// Reads `address` of a socket, or `url`, `credentials` and `tls` of a page. Throws ConfigError.
HaproxySettings parse_haproxy(YamlMap& source, const CredentialModules& modules);

std::unique_ptr<Source> make_source(const HaproxySettings& settings);

}  // namespace binnacle::breaker
