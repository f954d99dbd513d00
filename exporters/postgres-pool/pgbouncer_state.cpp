// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_state.h"

#include "collectors.h"
#include "pgbouncer_show.h"

namespace binnacle::pgpool {

void add_pgbouncer_state(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto state = row.text("key");
    const auto value = row.text("value");
    if (!state || (value != "yes" && value != "no")) continue;
    families.gauge("pgbouncer_state", "1 for the state that the whole PgBouncer is in: active, paused or suspended.")
        .add({{"state", *state}}, value == "yes" ? 1 : 0);
  }
}

std::unique_ptr<Collector> make_pgbouncer_state(const CollectorParts& parts) {
  constexpr int kSince = 11'900;
  return make_show_collector(parts.session,
                             {.statement = "SHOW STATE", .since = kSince, .add = [](const Rows& rows, Output& out) {
                                add_pgbouncer_state(rows, out.families);
                              }});
}

}  // namespace binnacle::pgpool
