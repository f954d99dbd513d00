// SPDX-License-Identifier: Apache-2.0
#include "progress_vacuum.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

const std::vector<std::pair<std::string, std::string>> kItems{{"datname", "orders"}, {"relname", "public.items"}};

}  // namespace

TEST_CASE("a vacuum of PostgreSQL 12 to 16", "[progress_vacuum]") {
  Families families;
  add_progress_vacuum(
      rows_of("pid|datid|datname|relid|phase|heap_blks_total|heap_blks_scanned|heap_blks_vacuumed|index_vacuum_count|"
              "max_dead_tuples|num_dead_tuples|relation_name\n"
              "99|5|orders|16384|vacuuming indexes|100|60|0|1|291|200|public.items\n"),
      families);
  CHECK(value_of(families, "pg_stat_progress_vacuum_heap_blks", kItems) == 100);
  CHECK(value_of(families, "pg_stat_progress_vacuum_heap_blks_scanned", kItems) == 60);
  CHECK(value_of(families, "pg_stat_progress_vacuum_heap_blks_vacuumed", kItems) == 0);
  CHECK(value_of(families, "pg_stat_progress_vacuum_index_vacuums", kItems) == 1);
  CHECK(value_of(families, "pg_stat_progress_vacuum_max_dead_tuples", kItems) == 291);
  CHECK(value_of(families, "pg_stat_progress_vacuum_num_dead_tuples", kItems) == 200);
  CHECK(series_of(families, "pg_stat_progress_vacuum_phase") == 7);
  const auto phase = [&](const char* name) {
    return value_of(families, "pg_stat_progress_vacuum_phase",
                    {{"datname", "orders"}, {"relname", "public.items"}, {"phase", name}});
  };
  CHECK(phase("vacuuming indexes") == 1);
  CHECK(phase("scanning heap") == 0);
}

TEST_CASE("PostgreSQL 17 counts bytes, and is not read as counting rows", "[progress_vacuum]") {
  Families families;
  add_progress_vacuum(
      rows_of("datname|phase|heap_blks_total|max_dead_tuple_bytes|dead_tuple_bytes|num_dead_item_ids|indexes_total|"
              "indexes_processed|delay_time|relation_name\n"
              "orders|scanning heap|100|67108864|4096|17|3|1|1500|public.items\n"),
      families);
  CHECK(value_of(families, "pg_stat_progress_vacuum_max_dead_tuple_bytes", kItems) == 67'108'864);
  CHECK(value_of(families, "pg_stat_progress_vacuum_dead_tuple_bytes", kItems) == 4096);
  CHECK(value_of(families, "pg_stat_progress_vacuum_num_dead_item_ids", kItems) == 17);
  CHECK(value_of(families, "pg_stat_progress_vacuum_indexes", kItems) == 3);
  CHECK(value_of(families, "pg_stat_progress_vacuum_indexes_processed", kItems) == 1);
  CHECK(value_of(families, "pg_stat_progress_vacuum_delay_seconds", kItems) == 1.5);
  CHECK(series_of(families, "pg_stat_progress_vacuum_max_dead_tuples") == 0);
}

TEST_CASE("without a vacuum, or without the right to see its phase, there is nothing", "[progress_vacuum]") {
  Families families;
  add_progress_vacuum(rows_of("datname|phase|relation_name\n"), families);
  add_progress_vacuum(rows_of("datname|phase|relation_name\norders|\\N|16384\n"), families);
  CHECK(families.series() == 0);
}
