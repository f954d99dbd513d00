// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_memory.h"

#include <catch2/catch.hpp>

#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;

TEST_CASE("caches have used and allocated bytes", "[pgbouncer]") {
  Families families;
  // The second one's memtotal has overflowed, as PgBouncer's does from 2 GiB on.
  add_pgbouncer_memory(rows_of("name|size|used|free|memtotal\nclient_cache|400|3|47|20000\n"
                               "iobuf_cache|4112|600000|0|-1827767296\nbroken|x|1|1|1\n"),
                       families);
  CHECK(value_of(families, "pgbouncer_memory_used_bytes", {{"cache", "client_cache"}}) == 1200);
  CHECK(value_of(families, "pgbouncer_memory_allocated_bytes", {{"cache", "client_cache"}}) == 20'000);
  CHECK(value_of(families, "pgbouncer_memory_allocated_bytes", {{"cache", "iobuf_cache"}}) == 2'467'200'000.0);
  CHECK(families.series() == 4);
}
