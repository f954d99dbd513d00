// SPDX-License-Identifier: Apache-2.0
#include "basic_auth.h"

#include <crypt.h>
#include <openssl/evp.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using binnacle::BasicAuth;
using binnacle::bcrypt_cost;
using binnacle::parse_basic_credentials;

namespace {

/// A hash of bcrypt's lowest cost, which takes a millisecond.
std::string hash_of(const std::string& password, const std::string& prefix = "$2b$04$") {
  crypt_data data{};
  const char* hash = crypt_rn(password.c_str(), (prefix + "abcdefghijklmnopqrstuu").c_str(), &data, sizeof data);
  REQUIRE(hash != nullptr);
  return hash;
}

std::string header_of(const std::string& user, const std::string& password) {
  const std::string plain = user + ":" + password;
  std::vector<unsigned char> encoded(plain.size() * 2 + 8);
  const int length = EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(plain.data()),
                                     static_cast<int>(plain.size()));
  return "Basic " + std::string(encoded.begin(), encoded.begin() + length);
}

}  // namespace

TEST_CASE("a bcrypt hash is told from other text", "[basic_auth]") {
  const std::string rest(53, 'a');
  CHECK(bcrypt_cost("$2a$04$" + rest) == 4);
  CHECK(bcrypt_cost("$2b$10$" + rest) == 10);
  CHECK(bcrypt_cost("$2y$31$" + rest) == 31);
  const auto bad = GENERATE_COPY(std::string(), "$2b$10$" + rest + "a", "$2b$10$" + rest.substr(1), "$2x$10$" + rest,
                                 "$2b$03$" + rest, "$2b$32$" + rest, "$2b$1a$" + rest, "$2b$10a" + rest, "$1$abc$def",
                                 "$2b$10$" + std::string(52, 'a') + "!", std::string(60, 'a'));
  CAPTURE(bad);
  CHECK_FALSE(bcrypt_cost(bad));
}

TEST_CASE("credentials are base64 of user:password", "[basic_auth]") {
  CHECK(parse_basic_credentials("Basic YTpi") == std::pair<std::string, std::string>{"a", "b"});
  CHECK(parse_basic_credentials("bAsIc YTpi") == std::pair<std::string, std::string>{"a", "b"});
  CHECK(parse_basic_credentials("Basic   YTpi ") == std::pair<std::string, std::string>{"a", "b"});
  CHECK(parse_basic_credentials("Basic Og==") == std::pair<std::string, std::string>{"", ""});
  CHECK(parse_basic_credentials(header_of("a", "b:c:")) == std::pair<std::string, std::string>{"a", "b:c:"});
  const auto* bad =
      GENERATE("", "Basic", "Basic ", "BasicYTpi", "Bearer YTpi", "Basic YTpi=", "Basic YTp", "Basic YT pi",
               "Basic Y!pi", "Basic YTpiY===", "Basic ====", "Basic YWI=", "Basic YTpi\n\r\n\x01");
  CAPTURE(bad);
  CHECK_FALSE(parse_basic_credentials(bad));
}

TEST_CASE("the right password passes, and nothing else does", "[basic_auth]") {
  const BasicAuth::Users users{
      {"alice", hash_of("secret")}, {"bob", hash_of("hunter2", "$2y$04$")}, {"", hash_of("e")}};
  BasicAuth auth;
  CHECK(auth.check(users, header_of("alice", "secret")));
  CHECK(auth.check(users, header_of("bob", "hunter2")));
  CHECK(auth.check(users, header_of("", "e")));
  CHECK_FALSE(auth.check(users, header_of("alice", "hunter2")));
  CHECK_FALSE(auth.check(users, header_of("alice", "")));
  CHECK_FALSE(auth.check(users, header_of("alice", "secre")));
  CHECK_FALSE(auth.check(users, header_of("alice", "secret ")));
  CHECK_FALSE(auth.check(users, header_of("Alice", "secret")));
  CHECK_FALSE(auth.check(users, header_of("carol", "secret")));
  CHECK_FALSE(auth.check(users, header_of("alice", users.at("alice"))));
  CHECK_FALSE(auth.check(users, header_of("alice", std::string("secret\0x", 8))));
  CHECK_FALSE(auth.check(users, header_of(std::string("alice\0", 6), "secret")));
  CHECK_FALSE(auth.check(users, ""));
  CHECK_FALSE(auth.check(users, "Bearer secret"));
  CHECK_FALSE(auth.check({}, header_of("alice", "secret")));
}

TEST_CASE("bytes after the 72nd do not count, as in every bcrypt", "[basic_auth]") {
  const BasicAuth::Users users{{"a", hash_of(std::string(72, 'x'))}};
  BasicAuth auth;
  CHECK(auth.check(users, header_of("a", std::string(600, 'x'))));
  CHECK_FALSE(auth.check(users, header_of("a", std::string(71, 'x'))));
}

TEST_CASE("bcrypt runs once for a user, hash and password", "[basic_auth]") {
  BasicAuth::Users users{{"alice", hash_of("secret")}};
  BasicAuth auth;
  for (int i = 0; i < 3; ++i) CHECK(auth.check(users, header_of("alice", "secret")));
  CHECK(auth.computed() == 1);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(auth.check(users, header_of("alice", "wrong")));
  CHECK(auth.computed() == 2);

  // A new hash is a new question: the old answer does not count.
  users["alice"] = hash_of("changed");
  CHECK_FALSE(auth.check(users, header_of("alice", "secret")));
  CHECK(auth.check(users, header_of("alice", "changed")));
  CHECK(auth.computed() == 4);
}

TEST_CASE("an unknown user costs what a known one costs, and is kept apart", "[basic_auth]") {
  BasicAuth::Users users{{"alice", hash_of("secret", "$2a$05$")}};
  BasicAuth auth;
  CHECK_FALSE(auth.check(users, header_of("mallory", "secret")));
  CHECK(auth.computed() == 1);
  CHECK_FALSE(auth.check(users, header_of("mallory", "secret")));
  CHECK(auth.computed() == 1);
  // The stranger becomes a user: what was kept of the stranger does not count.
  users["mallory"] = hash_of("secret");
  CHECK(auth.check(users, header_of("mallory", "secret")));
}

TEST_CASE("no choice of delimiters makes one user's answer another's", "[basic_auth]") {
  const std::string hash = hash_of("secret");
  const BasicAuth::Users users{{"a", hash}, {"a:" + hash, hash}};
  BasicAuth auth;
  CHECK(auth.check(users, header_of("a", "secret")));
  CHECK_FALSE(auth.check(users, header_of("a", hash + ":secret")));
  CHECK_FALSE(auth.check(users, header_of("a:" + hash, "secret")));  // the client's split is at the first colon
}

TEST_CASE("the cache is bounded, and guesses do not push users out", "[basic_auth]") {
  BasicAuth::Users users{{"alice", hash_of("secret")}};
  BasicAuth auth;
  CHECK(auth.check(users, header_of("alice", "secret")));
  for (int i = 0; i < 130; ++i) CHECK_FALSE(auth.check(users, header_of("alice", "guess" + std::to_string(i))));
  CHECK(auth.cached() == BasicAuth::kCacheSize);
  const auto before = auth.computed();
  CHECK(auth.check(users, header_of("alice", "secret")));
  CHECK(auth.computed() == before);

  for (int i = 0; i < 110; ++i) users["user" + std::to_string(i)] = hash_of("secret");
  for (int i = 0; i < 110; ++i) CHECK(auth.check(users, header_of("user" + std::to_string(i), "secret")));
  CHECK(auth.cached() == BasicAuth::kCacheSize);
}

TEST_CASE("many threads ask at once", "[basic_auth]") {
  const BasicAuth::Users users{{"alice", hash_of("secret")}};
  BasicAuth auth;
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        const bool good = n % 2 == 0;
        if (auth.check(users, header_of("alice", good ? "secret" : "no" + std::to_string(i * 20 + n))) == good) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 160);
}
