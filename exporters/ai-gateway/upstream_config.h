// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway_config.h"

namespace binnacle::gateway {

/// An upstream's URL in its parts.
struct UpstreamUrl {
  bool tls = false;
  std::string host;  ///< without brackets
  std::string port;
  std::string path;  ///< without a slash at its end; often empty

  bool operator==(const UpstreamUrl&) const = default;
};

/// Reads http://host[:port][/path] or https://…, also with an IPv6 address in brackets. Throws std::runtime_error with
/// one line that repeats nothing of the text, since a key may be in it by mistake.
UpstreamUrl parse_upstream_url(std::string_view text);

/// Whether only this machine can be meant: localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);

/// The config's list `upstreams`. Throws ConfigError. Warns of keys that go over the network unencrypted.
std::vector<UpstreamConfig> parse_upstreams(YamlMap& config);

}  // namespace binnacle::gateway
