// SPDX-License-Identifier: Apache-2.0
#include "drop_in_options.h"

#include "core/flags.h"

namespace binnacle::pgpool {

namespace {

constexpr int kMostRows = 10'000;

}  // namespace

void DropInOptions::add_flags(Flags& flags) {
  flags.add("postgres.keep", keep,
            "How long the sizes of databases, the settings and the roles' limits are kept before they are asked for "
            "again; 0s: at every scrape.");
  flags.add("collector.settings.all", all_settings,
            "Every boolean and numeric setting, as postgres_exporter has them; else those that matter most.");
  flags.add("collector.stat_activity.application-name", application_names,
            "Fills the label application_name, which clients choose freely; else it is empty.");
  flags.add("collector.stat_user_tables.limit", table_limit, 1, kMostRows,
            "How many tables at most: those with the most pages or the most rows written.");
  flags.add("collector.stat_user_indexes.limit", index_limit, 1, kMostRows,
            "How many indexes at most: those with the most pages.");
  flags.add("collector.stat_statements.limit", statement_limit, 1, kMostRows,
            "How many statements at most: those that took the most time.");
}

}  // namespace binnacle::pgpool
