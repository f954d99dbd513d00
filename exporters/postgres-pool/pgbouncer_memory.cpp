// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_memory.h"

#include "collectors.h"
#include "pgbouncer_show.h"

namespace binnacle::pgpool {

void add_pgbouncer_memory(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto cache = row.text("name");
    const auto size = row.number("size");
    const auto used = row.number("used");
    const auto free = row.number("free");
    if (!cache || !size || !used || !free) continue;
    families.gauge("pgbouncer_memory_used_bytes", "Memory of the objects in use, by the cache that they are from.")
        .add({{"cache", *cache}}, *size * *used);
    // Not the column memtotal: from 2 GiB on it is negative.
    families
        .gauge("pgbouncer_memory_allocated_bytes",
               "Memory of a cache of objects, in use or kept for later; PgBouncer gives none back.")
        .add({{"cache", *cache}}, *size * (*used + *free));
  }
}

std::unique_ptr<Collector> make_pgbouncer_memory(const CollectorParts& parts) {
  return make_show_collector(parts.session, {.statement = "SHOW MEM", .add = [](const Rows& rows, Output& out) {
                                               add_pgbouncer_memory(rows, out.families);
                                             }});
}

}  // namespace binnacle::pgpool
