// SPDX-License-Identifier: Apache-2.0
#include "modules.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

TEST_CASE("modules and their fields", "[modules]") {
  Families families;
  add_modules(Info{"# Modules\r\nmodule:name=search,ver=21005,api=1,filters=0,usedby=[],using=[ReJSON|x],options=[]\r\n"
                   "module:broken\r\n# search_indexes\r\nsearch_number_of_indexes:4\r\nsearch_gc_total_cycles:9\r\n"
                   "unknown_field:1\r\n"},
              families);
  CHECK(value_of(families, "redis_module_info",
                 {{"name", "search"},
                  {"ver", "21005"},
                  {"api", "1"},
                  {"filters", "0"},
                  {"usedby", "[]"},
                  {"using", "[ReJSON|x]"}}) == 1);
  CHECK(series_of(families, "redis_module_info") == 1);
  CHECK(value_of(families, "redis_search_number_of_indexes") == 4);
  CHECK(value_of(families, "redis_search_gc_cycles_total") == 9);
  CHECK(families.all().size() == 3);
}
