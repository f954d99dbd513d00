// SPDX-License-Identifier: Apache-2.0
#include "file_stamp.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "test_folder.h"

using binnacle::file_stamp;

TEST_CASE("a stamp tells changed, replaced, swapped and missing files apart", "[file_stamp]") {
  const binnacle::TestFolder folder;
  const std::string path = folder.write("file", "one");
  const auto first = file_stamp(path);
  CHECK(first.exists);
  CHECK(first == file_stamp(path));
  CHECK_FALSE(file_stamp(folder.path("other")).exists);

  folder.write("file", "longer");
  CHECK(first != file_stamp(path));

  const auto before_rename = file_stamp(path);
  folder.replace("file", "longer");
  CHECK(before_rename != file_stamp(path));

  // Kubernetes swaps the link that a mounted secret is read through.
  folder.write("a", "same");
  folder.write("b", "same");
  const std::string link = folder.path("link");
  REQUIRE(::symlink("a", link.c_str()) == 0);
  const auto before_swap = file_stamp(link);
  REQUIRE(::unlink(link.c_str()) == 0);
  REQUIRE(::symlink("b", link.c_str()) == 0);
  CHECK(before_swap != file_stamp(link));
  REQUIRE(::unlink(folder.path("b").c_str()) == 0);
  CHECK_FALSE(file_stamp(link).exists);
}
