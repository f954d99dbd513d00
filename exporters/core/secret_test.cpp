// SPDX-License-Identifier: Apache-2.0
#include "secret.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "captured_stderr.h"
#include "test_folder.h"

using binnacle::Secret;

namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_constructible_v<std::string, Secret>);

}  // namespace

TEST_CASE("a secret from text", "[secret]") {
  CHECK(Secret::from_text("hunter2").reveal() == "hunter2");
  CHECK(Secret::from_text("with a newline\n").reveal() == "with a newline\n");
  CHECK(Secret::from_text("").reveal().empty());
}

TEST_CASE("a secret's file loses one newline", "[secret]") {
  const binnacle::TestFolder folder;
  CHECK(Secret::from_file(folder.write("a", "hunter2\n")).reveal() == "hunter2");
  CHECK(Secret::from_file(folder.write("b", "hunter2")).reveal() == "hunter2");
  CHECK(Secret::from_file(folder.write("c", " two \n\n")).reveal() == " two \n");
  CHECK(Secret::from_file(folder.write("d", std::string_view{"\0x", 2})).reveal() == std::string("\0x", 2));
  CHECK(Secret::from_file(folder.write("e", std::string(65'536, 'x'))).reveal().size() == 65'536);
}

TEST_CASE("a secret's file is needed at the start", "[secret]") {
  const binnacle::TestFolder folder;
  const auto missing = folder.path("missing");
  CHECK_THROWS_WITH(Secret::from_file(missing), missing + ": the secret cannot be read: No such file or directory");
  const auto empty = folder.write("empty", "");
  CHECK_THROWS_WITH(Secret::from_file(empty), empty + ": the file that should hold a secret is empty");
  const auto newline = folder.write("newline", "\n");
  CHECK_THROWS_WITH(Secret::from_file(newline), newline + ": the file that should hold a secret is empty");
  const auto large = folder.write("large", std::string(65'537, 'x'));
  CHECK_THROWS_WITH(Secret::from_file(large), large + ": the secret cannot be read: File too large");
  REQUIRE(::mkdir(folder.path("folder").c_str(), 0700) == 0);
  CHECK_THROWS_WITH(Secret::from_file(folder.path("folder")),
                    folder.path("folder") + ": the secret cannot be read: Is a directory");
}

TEST_CASE("a file that changes is read again, by all copies", "[secret]") {
  const binnacle::TestFolder folder;
  const Secret secret = Secret::from_file(folder.write("key", "one\n"));
  const Secret copy = secret;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(secret.reveal() == "one");
  folder.write("key", "two\n");  // same size, maybe in the same tick of the file system's clock
  CHECK(secret.reveal() == "two");
  CHECK(copy.reveal() == "two");
  folder.replace("key", "six");
  CHECK(copy.reveal() == "six");

  folder.write("next", "seven");
  REQUIRE(::unlink(folder.path("key").c_str()) == 0);
  REQUIRE(::symlink("next", folder.path("key").c_str()) == 0);
  CHECK(secret.reveal() == "seven");
}

TEST_CASE("a file that vanishes or turns empty leaves the old value, and one warning each", "[secret]") {
  const binnacle::TestFolder folder;
  const binnacle::CapturedStderr captured;
  const Secret secret = Secret::from_file(folder.write("key", "one"));
  REQUIRE(::unlink(folder.path("key").c_str()) == 0);
  CHECK(secret.reveal() == "one");
  CHECK(secret.reveal() == "one");
  REQUIRE(captured.lines().size() == 1);
  CHECK(captured.lines()[0].find(" level=warn msg=\"keeping the old secret\" reason=\"" + folder.path("key") +
                                 ": the secret cannot be read: No such file or directory\"") != std::string::npos);
  folder.write("key", "");
  CHECK(secret.reveal() == "one");
  CHECK(secret.reveal() == "one");
  CHECK(captured.lines().size() == 2);
  folder.write("key", "two");
  CHECK(secret.reveal() == "two");
  CHECK(captured.lines().size() == 2);
  REQUIRE(::unlink(folder.path("key").c_str()) == 0);
  CHECK(secret.reveal() == "two");
  CHECK(captured.lines().size() == 3);
}

TEST_CASE("threads always see a whole value", "[secret]") {
  const binnacle::TestFolder folder;
  const std::string one(3000, '1');
  const std::string two(5000, '2');
  const Secret secret = Secret::from_file(folder.write("key", one));
  std::vector<std::thread> threads;
  std::vector<int> wrong(3, 0);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 500; ++round) {
        const auto value = secret.reveal();
        if (value != one && value != two) ++wrong[i];
      }
    });
  }
  for (int round = 0; round < 100; ++round) folder.replace("key", round % 2 == 0 ? two : one);
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(3, 0));
  CHECK(secret.reveal() == one);
}
