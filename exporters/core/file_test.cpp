// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <system_error>

#include "test_folder.h"

namespace binnacle {

namespace {

int error_of(const std::string& path, std::size_t limit = kFileLimit) {
  try {
    read_file(path, limit);
  } catch (const std::system_error& error) {
    CHECK(std::string{error.what()}.find(path) != std::string::npos);
    return error.code().value();
  }
  return 0;
}

}  // namespace

TEST_CASE("whole files are read", "[file]") {
  const TestFolder folder;
  CHECK(read_file(folder.write("empty", "")).empty());
  CHECK(read_file(folder.write("small", "a\nb\n")) == "a\nb\n");
  CHECK(read_file(folder.write("nul", std::string_view{"a\0b", 3})) == std::string("a\0b", 3));
  for (const std::size_t size : {std::size_t{4095}, std::size_t{4096}, std::size_t{4097}, std::size_t{100'000}}) {
    const std::string text(size, 'x');
    CHECK(read_file(folder.write("large", text)) == text);
  }
  CHECK(read_file("/proc/self/stat").starts_with(std::to_string(::getpid()) + " "));
}

TEST_CASE("a buffer is used again, and holds no more than the last file", "[file]") {
  const TestFolder folder;
  std::string buffer;
  CHECK(read_file(folder.write("a", std::string(50'000, 'a')), buffer).size() == 50'000);
  const auto* data = buffer.data();
  CHECK(read_file(folder.write("b", "b"), buffer) == "b");
  CHECK(buffer.data() == data);
  std::string reserved;
  reserved.reserve(8192);
  data = reserved.data();
  CHECK(read_file(folder.path("b"), reserved) == "b");
  CHECK(reserved.data() == data);
}

TEST_CASE("what cannot be read is an error with the name", "[file]") {
  const TestFolder folder;
  CHECK(error_of(folder.path("missing")) == ENOENT);
  CHECK(error_of(folder.path("")) == EISDIR);
  const auto file = folder.write("file", std::string(5000, 'x'));
  CHECK(error_of(file + "/below") == ENOTDIR);
  CHECK(error_of(file, 5000) == 0);
  CHECK(error_of(file, 4999) == EFBIG);
  CHECK(error_of(file, 0) == EFBIG);
  CHECK(read_file(folder.write("empty", ""), 0).empty());
}

TEST_CASE("a pipe that nobody writes to does not hang", "[file]") {
  const TestFolder folder;
  const auto path = folder.path("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(read_file(path).empty());
}

TEST_CASE("files that may be absent", "[file]") {
  const TestFolder folder;
  std::string buffer;
  CHECK_FALSE(try_read_file(folder.path("missing"), buffer));
  CHECK_FALSE(try_read_file(folder.write("file", " x y \n") + "/below", buffer));
  CHECK(try_read_file(folder.path("file"), buffer) == " x y \n");
  CHECK_THROWS_AS(try_read_file(folder.path("file"), buffer, 3), std::system_error);
  CHECK_THROWS_AS(try_read_file(folder.path(""), buffer), std::system_error);
  CHECK(try_read_line(folder.path("file")) == "x y");
  CHECK_FALSE(try_read_line(folder.path("missing")));
}

TEST_CASE("folders are listed in order", "[file]") {
  const TestFolder folder;
  CHECK(list_directory(folder.path("")).empty());
  folder.write("b", "");
  folder.write("a", "");
  folder.write(".hidden", "");
  REQUIRE(::mkdir(folder.path("c").c_str(), 0700) == 0);
  const std::vector<std::string> names{".hidden", "a", "b", "c"};
  CHECK(list_directory(folder.path("")) == names);
  CHECK(try_list_directory(folder.path("")) == names);
  CHECK_THROWS_AS(list_directory(folder.path("missing")), std::system_error);
  CHECK_THROWS_AS(list_directory(folder.path("a")), std::system_error);
  CHECK_FALSE(try_list_directory(folder.path("missing")));
  CHECK_FALSE(try_list_directory(folder.path("a")));
}

TEST_CASE("links and existence", "[file]") {
  const TestFolder folder;
  REQUIRE(::symlink("nowhere", folder.path("link").c_str()) == 0);
  CHECK(try_read_link(folder.path("link")) == "nowhere");
  CHECK_FALSE(try_read_link(folder.write("file", "")));
  CHECK_FALSE(try_read_link(folder.path("missing")));
  CHECK(exists(folder.path("file")));
  CHECK(exists(folder.path("")));
  CHECK_FALSE(exists(folder.path("link")));
  CHECK_FALSE(exists(folder.path("missing")));
}

TEST_CASE("no descriptor is left open", "[file]") {
  const TestFolder folder;
  const auto open_files = [] { return list_directory("/proc/self/fd").size(); };
  const auto before = open_files();
  std::string buffer;
  for (int i = 0; i < 50; ++i) {
    read_file(folder.write("file", "x"));
    CHECK_THROWS(read_file(folder.path("file"), 0));
    CHECK_FALSE(try_read_file(folder.path("missing"), buffer));
    list_directory(folder.path(""));
    CHECK_FALSE(try_list_directory(folder.path("file")));
  }
  CHECK(open_files() == before);
}

}  // namespace binnacle
