// SPDX-License-Identifier: Apache-2.0
#include "background.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("each version is asked for the views that it has", "[background]") {
  const auto has = [](int version, const char* view) {
    return background_sql(version).find(view) != std::string::npos;
  };
  CHECK_FALSE(has(130'022, "pg_stat_wal"));
  CHECK(has(140'000, "pg_stat_wal"));
  CHECK_FALSE(has(160'009, "pg_stat_checkpointer"));
  CHECK(has(170'000, "pg_stat_checkpointer"));
  for (const int version : {120'000, 180'000}) {
    CHECK(has(version, "pg_stat_bgwriter"));
    CHECK(has(version, "pg_stat_archiver"));
  }
}

TEST_CASE("PostgreSQL 12 and 13", "[background]") {
  Families families;
  add_background(
      rows_of("checkpoints_timed|checkpoints_req|checkpoint_write_time|checkpoint_sync_time|buffers_checkpoint|"
              "buffers_clean|maxwritten_clean|buffers_backend|buffers_backend_fsync|buffers_alloc|stats_reset|"
              "bgwriter_reset|archived_count|failed_count|last_archive_age|last_failed_time_epoch\n"
              "7|2|1500.5|20|300|40|1|50|6|900|2026-01-01 00:00:00+00|1767225600|3|4|12.5|1700000000.5\n"),
      families);
  CHECK(value_of(families, "pg_stat_bgwriter_checkpoints_timed_total") == 7);
  CHECK(value_of(families, "pg_stat_bgwriter_checkpoints_req_total") == 2);
  CHECK(value_of(families, "pg_stat_bgwriter_checkpoint_write_time_total") == 1500.5);
  CHECK(value_of(families, "pg_stat_bgwriter_checkpoint_sync_time_total") == 20);
  CHECK(value_of(families, "pg_stat_bgwriter_buffers_checkpoint_total") == 300);
  CHECK(value_of(families, "pg_stat_bgwriter_buffers_clean_total") == 40);
  CHECK(value_of(families, "pg_stat_bgwriter_maxwritten_clean_total") == 1);
  CHECK(value_of(families, "pg_stat_bgwriter_buffers_backend_total") == 50);
  CHECK(value_of(families, "pg_stat_bgwriter_buffers_backend_fsync_total") == 6);
  CHECK(value_of(families, "pg_stat_bgwriter_buffers_alloc_total") == 900);
  CHECK(value_of(families, "pg_stat_bgwriter_stats_reset_total") == 1'767'225'600);
  CHECK(value_of(families, "pg_stat_archiver_archived_count") == 3);
  CHECK(value_of(families, "pg_stat_archiver_failed_count") == 4);
  CHECK(value_of(families, "pg_stat_archiver_last_archive_age") == 12.5);
  CHECK(value_of(families, "pg_stat_archiver_last_failed_timestamp_seconds") == 1'700'000'000.5);
  CHECK(families.series() == 15);
}

TEST_CASE("PostgreSQL 14 to 17 count WAL writes", "[background]") {
  Families families;
  add_background(rows_of("wal_records|wal_fpi|wal_bytes|wal_buffers_full|wal_write|wal_sync|wal_write_time|"
                         "wal_sync_time|last_archive_age\n"
                         "100|5|40000|1|30|20|1500|250|\\N\n"),
                 families);
  CHECK(value_of(families, "pg_stat_wal_records_total") == 100);
  CHECK(value_of(families, "pg_stat_wal_full_page_images_total") == 5);
  CHECK(value_of(families, "pg_stat_wal_bytes_total") == 40'000);
  CHECK(value_of(families, "pg_stat_wal_buffers_full_total") == 1);
  CHECK(value_of(families, "pg_stat_wal_writes_total") == 30);
  CHECK(value_of(families, "pg_stat_wal_syncs_total") == 20);
  CHECK(value_of(families, "pg_stat_wal_write_seconds_total") == 1.5);
  CHECK(value_of(families, "pg_stat_wal_sync_seconds_total") == 0.25);
  CHECK(series_of(families, "pg_stat_archiver_last_archive_age") == 0);
}

TEST_CASE("PostgreSQL 17 and 18 have a checkpointer of its own", "[background]") {
  Families families;
  add_background(rows_of("buffers_clean|maxwritten_clean|buffers_alloc|stats_reset|bgwriter_reset|num_timed|"
                         "num_requested|num_done|restartpoints_timed|restartpoints_req|restartpoints_done|write_time|"
                         "sync_time|buffers_written|slru_written|checkpointer_reset\n"
                         "1|2|3|x|1700000000|10|11|9|12|13|14|15.5|16|17|18|1700000001\n"),
                 families);
  CHECK(value_of(families, "pg_stat_checkpointer_num_timed_total") == 10);
  CHECK(value_of(families, "pg_stat_checkpointer_num_requested_total") == 11);
  CHECK(value_of(families, "pg_stat_checkpointer_num_done_total") == 9);
  CHECK(value_of(families, "pg_stat_checkpointer_restartpoints_timed_total") == 12);
  CHECK(value_of(families, "pg_stat_checkpointer_restartpoints_req_total") == 13);
  CHECK(value_of(families, "pg_stat_checkpointer_restartpoints_done_total") == 14);
  CHECK(value_of(families, "pg_stat_checkpointer_write_time_total") == 15.5);
  CHECK(value_of(families, "pg_stat_checkpointer_sync_time_total") == 16);
  CHECK(value_of(families, "pg_stat_checkpointer_buffers_written_total") == 17);
  CHECK(value_of(families, "pg_stat_checkpointer_slru_written_total") == 18);
  CHECK(value_of(families, "pg_stat_checkpointer_stats_reset_total") == 1'700'000'001);
  CHECK(value_of(families, "pg_stat_bgwriter_stats_reset_total") == 1'700'000'000);
  CHECK(series_of(families, "pg_stat_bgwriter_checkpoints_timed_total") == 0);
}
