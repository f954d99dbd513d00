// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace binnacle {
class Flags;
}

namespace binnacle::pgpool {

/// Flags of the collectors that postgres_exporter has too.
struct DropInOptions {
  /// How long answers are kept that are dear or change seldom: sizes of databases, settings, limits of roles.
  std::chrono::milliseconds keep{60'000};
  bool all_settings = false;
  bool application_names = false;
  int table_limit = 100;
  int index_limit = 100;
  int statement_limit = 100;

  void add_flags(Flags& flags);
};

}  // namespace binnacle::pgpool
