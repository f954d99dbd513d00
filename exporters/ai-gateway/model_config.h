// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "gateway_config.h"

namespace binnacle::gateway {

/// The config's list `models`, whose targets are among `upstreams`. Throws ConfigError.
std::vector<ModelConfig> parse_models(YamlMap& config, const std::vector<UpstreamConfig>& upstreams);

/// The index of the upstream that the key names. Throws ConfigError where there is none.
std::size_t find_upstream(YamlMap& section, const std::string& key, const std::vector<UpstreamConfig>& upstreams);

}  // namespace binnacle::gateway
