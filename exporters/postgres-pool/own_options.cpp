// SPDX-License-Identifier: Apache-2.0
#include "own_options.h"

#include "core/flags.h"

namespace binnacle::pgpool {

namespace {

constexpr int kMostSlowQueries = 1'000;

}  // namespace

void OwnOptions::add_flags(Flags& flags) {
  flags.add("postgres.keep-tables", tables_keep,
            "How long what is told of tables that are overdue for vacuum, of partitions and of materialized views is "
            "kept before it is asked for again; 0s: at every scrape.");
  flags.add("collector.bloat.keep", bloat_keep, "How long an estimate of bloat is kept.");
  flags.add("collector.slow_queries.threshold", slow_query_threshold,
            "From which mean time on a statement of pg_stat_statements is slow.");
  flags.add("collector.slow_queries.limit", slow_query_limit, 1, kMostSlowQueries,
            "How many slow statements at most: those that took the most time.");
}

}  // namespace binnacle::pgpool
