// SPDX-License-Identifier: Apache-2.0
#include "stat_io.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr int kHasStatIo = 160'000;
constexpr int kCountsBytes = 180'000;

constexpr std::array kLabels{ColumnLabel{"backend_type", "backend_type"}, ColumnLabel{"object", "object"},
                             ColumnLabel{"context", "context"}};

constexpr std::array kMetrics{
    ColumnMetric{"reads", "pg_stat_io_reads_total", kCounter, "Read operations."},
    ColumnMetric{"read_bytes", "pg_stat_io_read_bytes_total", kCounter, "Bytes read."},
    ColumnMetric{"read_time", "pg_stat_io_read_seconds_total", kCounter,
                 "Time that reading took, in seconds; counted while track_io_timing is on.", kFromMilliseconds},
    ColumnMetric{"writes", "pg_stat_io_writes_total", kCounter, "Write operations."},
    ColumnMetric{"write_bytes", "pg_stat_io_write_bytes_total", kCounter, "Bytes written."},
    ColumnMetric{"write_time", "pg_stat_io_write_seconds_total", kCounter,
                 "Time that writing took, in seconds; counted while track_io_timing is on.", kFromMilliseconds},
    ColumnMetric{"writebacks", "pg_stat_io_writebacks_total", kCounter,
                 "Blocks that the kernel was asked to write to disk."},
    ColumnMetric{"writeback_time", "pg_stat_io_writeback_seconds_total", kCounter,
                 "Time that asking for writebacks took, in seconds; counted while track_io_timing is on.",
                 kFromMilliseconds},
    ColumnMetric{"extends", "pg_stat_io_extends_total", kCounter, "Operations that made a relation longer."},
    ColumnMetric{"extend_bytes", "pg_stat_io_extend_bytes_total", kCounter, "Bytes by which relations got longer."},
    ColumnMetric{"extend_time", "pg_stat_io_extend_seconds_total", kCounter,
                 "Time that making relations longer took, in seconds; counted while track_io_timing is on.",
                 kFromMilliseconds},
    ColumnMetric{"hits", "pg_stat_io_hits_total", kCounter, "Blocks found in shared buffers."},
    ColumnMetric{"evictions", "pg_stat_io_evictions_total", kCounter,
                 "Buffers whose block had to give way to another."},
    ColumnMetric{"reuses", "pg_stat_io_reuses_total", kCounter, "Buffers of a ring that were used again."},
    ColumnMetric{"fsyncs", "pg_stat_io_fsyncs_total", kCounter, "Calls of fsync."},
    ColumnMetric{"fsync_time", "pg_stat_io_fsync_seconds_total", kCounter,
                 "Time that fsync took, in seconds; counted while track_io_timing is on.", kFromMilliseconds},
};

}  // namespace

std::string stat_io_sql(int version) {
  if (version < kHasStatIo) throw NotApplicable("pg_stat_io exists from PostgreSQL 16 on");
  if (version >= kCountsBytes) return "SELECT * FROM pg_stat_io";
  return "SELECT *, reads * op_bytes AS read_bytes, writes * op_bytes AS write_bytes,"
         " extends * op_bytes AS extend_bytes FROM pg_stat_io";
}

void add_stat_io(const Rows& rows, Families& families) { add_columns(rows, kLabels, kMetrics, families); }

std::unique_ptr<Collector> make_stat_io(const CollectorParts& parts) {
  return make_statement_collector(parts.session, stat_io_sql, add_stat_io);
}

}  // namespace binnacle::pgpool
