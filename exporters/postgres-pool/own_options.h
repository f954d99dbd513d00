// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace binnacle {
class Flags;
}

namespace binnacle::pgpool {

/// Flags of the collectors that postgres_exporter does not have.
struct OwnOptions {
  /// How long the answers of vacuum, partitions and matviews are kept, which read all of a database's tables.
  std::chrono::milliseconds tables_keep{30'000};
  std::chrono::milliseconds bloat_keep{600'000};
  /// From which mean time on a statement is slow.
  std::chrono::milliseconds slow_query_threshold{500};
  int slow_query_limit = 50;

  void add_flags(Flags& flags);
};

}  // namespace binnacle::pgpool
