// SPDX-License-Identifier: Apache-2.0
#include "filefd.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("file-nr has three numbers", "[filefd]") {
  const auto handles = parse_file_nr("1024\t0\t1631329\n");
  CHECK(handles.allocated == 1024);
  CHECK(handles.maximum == 1'631'329);
}

TEST_CASE("a cut or strange file-nr is an error that names the field", "[filefd]") {
  CHECK_THROWS_WITH(parse_file_nr(""), "file-nr: allocated: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_file_nr("1\tx\t3"), "file-nr: unused: expected a number, got \"x\"");
  CHECK_THROWS_WITH(parse_file_nr("1\t0\n"), "file-nr: maximum: expected a number, got \"\"");
}

TEST_CASE("the filefd collector tells how many of the descriptors are used", "[filefd]") {
  const TestTree tree;
  const auto collector = make_filefd(tree.paths);
  CHECK_THROWS_AS(collect_once(*collector), binnacle::NotApplicable);

  tree.write("proc/sys/fs/file-nr", "250\t0\t1000\n");
  auto out = collect_once(*collector);
  CHECK(value_of(out, "node_filefd_allocated") == 250.0);
  CHECK(value_of(out, "node_filefd_maximum") == 1000.0);
  CHECK(fact_of(out, "file_descriptors_used_ratio") == 0.25);

  tree.write("proc/sys/fs/file-nr", "250\t0\t0\n");
  out = collect_once(*collector);
  CHECK_FALSE(fact_of(out, "file_descriptors_used_ratio"));
}
