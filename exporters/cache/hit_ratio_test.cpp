// SPDX-License-Identifier: Apache-2.0
#include "hit_ratio.h"

#include <catch2/catch.hpp>

using binnacle::cache::HitRatio;

namespace {

/// Scrapes with `hits` of 1000 lookups each.
struct Cache {
  HitRatio ratio;
  double hits = 0;
  double misses = 0;
  void run(int scrapes, double new_hits) {
    for (int scrape = 0; scrape < scrapes; ++scrape) ratio.add(hits += new_hits, misses += 1000 - new_hits);
  }
};

}  // namespace

TEST_CASE("a hit ratio that falls is below its own past", "[hit_ratio]") {
  Cache cache;
  cache.run(20, 900);
  CHECK_FALSE(cache.ratio.drop());  // the first scrape only sets the start
  cache.run(80, 900);
  CHECK(cache.ratio.drop() == Approx(0).margin(1e-9));
  cache.run(8, 400);
  CHECK(*cache.ratio.drop() > 0.4);
  cache.run(8, 1000);
  CHECK(cache.ratio.drop() == Approx(0).margin(0.01));
}

TEST_CASE("a cache that was always poor has not fallen", "[hit_ratio]") {
  Cache cache;
  cache.run(100, 50);
  CHECK(cache.ratio.drop() == Approx(0).margin(1e-9));
}

TEST_CASE("few lookups add up until they say something", "[hit_ratio]") {
  HitRatio ratio;
  double hits = 0;
  for (int scrape = 0; scrape < 1000; ++scrape) ratio.add(hits += 1, 0);
  CHECK_FALSE(ratio.drop());
  for (int scrape = 0; scrape < 2000; ++scrape) ratio.add(hits += 1, 0);
  CHECK(ratio.drop());
}

TEST_CASE("a server that started again has no past", "[hit_ratio]") {
  Cache cache;
  cache.run(100, 900);
  cache.ratio.add(10, 5);
  CHECK_FALSE(cache.ratio.drop());
}
