// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("the entropy collector reports what is there and what could be", "[entropy]") {
  const TestTree tree;
  const auto collector = make_entropy(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("proc/sys/kernel/random/entropy_avail", "250\n");
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("proc/sys/kernel/random/poolsize", "256\n");
  const auto out = collect_once(*collector);
  CHECK(value_of(out, "node_entropy_available_bits") == 250.0);
  CHECK(value_of(out, "node_entropy_pool_size_bits") == 256.0);
}

TEST_CASE("a strange entropy file is an error that names it", "[entropy]") {
  const TestTree tree;
  tree.write("proc/sys/kernel/random/entropy_avail", "\n");
  tree.write("proc/sys/kernel/random/poolsize", "256\n");
  CHECK_THROWS_WITH(collect_once(*make_entropy(tree.paths)),
                    "sys/kernel/random/entropy_avail: expected a number, got \"\"");
}
