// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_version.h"

#include <stdexcept>

#include "collectors.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

void add_pgbouncer_version(const Rows& rows, Families& families) {
  const auto version = rows.empty() ? std::nullopt : rows[0].text("version");
  if (!version) throw std::runtime_error("SHOW VERSION told no version");
  families.gauge("pgbouncer_version_info", "Always 1; its label is what SHOW VERSION says.")
      .add({{"version", *version}}, 1);
}

std::unique_ptr<Collector> make_pgbouncer_version(const CollectorParts& parts) {
  return make_statement_collector(parts.session, "SHOW VERSION", add_pgbouncer_version);
}

}  // namespace binnacle::pgpool
