// SPDX-License-Identifier: Apache-2.0
#include "wal.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// A segment's name has 24 digits; histories and backup labels have other names.
constexpr std::string_view kSql =
    "SELECT count(*) AS segments, sum(size) AS size FROM pg_ls_waldir()"
    " WHERE length(name) = 24 AND name !~ '[^0-9A-F]'";

constexpr std::array kMetrics{
    ColumnMetric{"segments", "pg_wal_segments", kGauge, "WAL segment files (pg_ls_waldir())."},
    ColumnMetric{"size", "pg_wal_size_bytes", kGauge, "Size of the WAL segment files (pg_ls_waldir())."},
};

}  // namespace

void add_wal(const Rows& rows, Families& families) { add_columns(rows, {}, kMetrics, families); }

std::unique_ptr<Collector> make_wal(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kSql, add_wal);
}

}  // namespace binnacle::pgpool
