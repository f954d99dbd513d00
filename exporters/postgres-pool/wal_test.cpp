// SPDX-License-Identifier: Apache-2.0
#include "wal.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("WAL files", "[wal]") {
  Families families;
  add_wal(rows_of("segments|size\n3|50331648\n"), families);
  CHECK(value_of(families, "pg_wal_segments") == 3);
  CHECK(value_of(families, "pg_wal_size_bytes") == 50'331'648);
  Families none;
  add_wal(rows_of("segments|size\n0|\\N\n"), none);
  CHECK(value_of(none, "pg_wal_segments") == 0);
  CHECK(series_of(none, "pg_wal_size_bytes") == 0);
}
