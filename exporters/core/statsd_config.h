// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "statsd_mapping.h"
#include "statsd_store.h"

namespace binnacle {

class YamlMap;

/// The config's `statsd:` section.
struct StatsdConfig {
  std::vector<std::string> listen{};      ///< see StatsdAddress; empty: nothing listens
  std::vector<StatsdMapping> mappings{};  ///< tried before the exporter's own
  StatsdMapper::Settings mapper{};
  StatsdStore::Settings store{};
  int receive_buffer = 8 << 20;  ///< bytes asked of the kernel for each socket; it grants twice of it, as it counts
};

/// Reads `statsd: {listen, mappings, prefix, unmapped, ttl, series_cap, set_cap, set_window, gauge_sign,
/// receive_buffer}`, of which each may be absent. Throws ConfigError.
StatsdConfig read_statsd_config(YamlMap& config);

}  // namespace binnacle
