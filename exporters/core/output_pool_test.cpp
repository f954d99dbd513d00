// SPDX-License-Identifier: Apache-2.0
#include "output_pool.h"

#include <catch2/catch.hpp>

using binnacle::OutputPool;

TEST_CASE("an output that nobody reads any more is used again, empty", "[output_pool]") {
  const auto pool = std::make_shared<OutputPool>();
  auto first = pool->take(10, "db");
  const auto* address = first.get();
  first->families.gauge("a", "A.").add({{"x", "a value that needs memory of its own"}}, 1);
  first->fact("used", 1);
  first.reset();
  const auto second = pool->take(10, "db");
  CHECK(second.get() == address);
  CHECK(second->families.all().empty());
  CHECK(second->families.series() == 0);
  CHECK(second->facts.empty());
}

TEST_CASE("an output that is still read is left alone", "[output_pool]") {
  const auto pool = std::make_shared<OutputPool>();
  const auto first = pool->take(10, "");
  first->families.gauge("a", "A.").add(1);
  const auto second = pool->take(10, "");
  CHECK(second.get() != first.get());
  CHECK(first->families.series() == 1);
}

TEST_CASE("an output may outlive its pool's owner", "[output_pool]") {
  auto pool = std::make_shared<OutputPool>();
  auto output = pool->take(10, "");
  pool.reset();
  output->families.gauge("a", "A.").add(1);
  CHECK(output->families.series() == 1);
  output.reset();
}
