// SPDX-License-Identifier: Apache-2.0
#include "watched_web_config.h"

#include <catch2/catch.hpp>

#include "test_folder.h"

using binnacle::TestFolder;
using binnacle::WatchedWebConfig;
using Catch::Matchers::Contains;

namespace {

std::string with_headers(const std::string& csp) {
  return "http_server_config:\n  headers:\n    Content-Security-Policy: " + csp + "\n";
}

}  // namespace

TEST_CASE("no web config file is an empty configuration", "[web_config]") {
  WatchedWebConfig watched("");
  CHECK(watched.current()->headers.empty());
  CHECK_NOTHROW(watched.reload());
}

TEST_CASE("the file is read again when it changes, and only then", "[web_config]") {
  const TestFolder folder;
  const std::string path = folder.write("web.yml", with_headers("one"));
  WatchedWebConfig watched(path);
  const auto first = watched.current();
  CHECK(first->headers.at(0).second == "one");
  CHECK(watched.current() == first);

  folder.replace("web.yml", with_headers("two"));
  CHECK(watched.current()->headers.at(0).second == "two");
  CHECK(first->headers.at(0).second == "one");  // a request under way keeps what it began with
}

TEST_CASE("a bad or missing new file leaves the old configuration", "[web_config]") {
  const TestFolder folder;
  const std::string path = folder.write("web.yml", with_headers("one"));
  WatchedWebConfig watched(path);
  folder.replace("web.yml", "http_server_config: {hedders: {}}\n");
  CHECK(watched.current()->headers.at(0).second == "one");
  CHECK_THROWS_WITH(watched.reload(), Contains("hedders"));
  CHECK(watched.current()->headers.at(0).second == "one");
  REQUIRE(std::remove(path.c_str()) == 0);
  CHECK(watched.current()->headers.at(0).second == "one");
  CHECK_THROWS_WITH(watched.reload(), Contains("web.yml"));
  folder.write("web.yml", with_headers("three"));
  CHECK(watched.current()->headers.at(0).second == "three");
}

TEST_CASE("a file that is missing or bad at the start is an error", "[web_config]") {
  const TestFolder folder;
  CHECK_THROWS_WITH(WatchedWebConfig(folder.path("none.yml")), Contains("none.yml"));
  CHECK_THROWS_WITH(WatchedWebConfig(folder.write("web.yml", "a: b\n")), Contains("web.yml:1"));
}
