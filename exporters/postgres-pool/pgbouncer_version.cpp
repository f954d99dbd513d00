// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_version.h"

#include <stdexcept>

#include "collectors.h"

namespace binnacle::pgpool {

namespace {

class VersionCollector final : public Collector {
 public:
  explicit VersionCollector(const CollectorParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    add_pgbouncer_version(session_->query("SHOW VERSION", scrape.deadline), out.families);
  }

 private:
  const std::shared_ptr<Session> session_;
};

}  // namespace

void add_pgbouncer_version(const Rows& rows, Families& families) {
  const auto version = rows.empty() ? std::nullopt : rows[0].text("version");
  if (!version) throw std::runtime_error("SHOW VERSION told no version");
  families.gauge("pgbouncer_version_info", "Always 1; its label is what SHOW VERSION says.")
      .add({{"version", *version}}, 1);
}

std::unique_ptr<Collector> make_pgbouncer_version(const CollectorParts& parts) {
  return std::make_unique<VersionCollector>(parts);
}

}  // namespace binnacle::pgpool
