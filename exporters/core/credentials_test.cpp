// SPDX-License-Identifier: Apache-2.0
#include "credentials.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "strict_yaml.h"
#include "test_folder.h"

using namespace binnacle;
using Catch::Matchers::Contains;

namespace {

CredentialModules parse(const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto modules = parse_credentials(config);
  config.finish();
  return modules;
}

std::string fault(const std::string& text) {
  try {
    parse(text);
    return "none";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("credentials come from files and variables, by name", "[credentials]") {
  const TestFolder folder;
  const auto file = folder.write("password", "first\n");
  ::setenv("CREDENTIALS_TEST_PASSWORD", "other", 1);
  const auto modules = parse("credentials:\n  shop: {username: me, password_file: " + file +
                             "}\n  env: {password_env: CREDENTIALS_TEST_PASSWORD}\n  open: {username: guest}\n");
  REQUIRE(modules.size() == 3);
  CHECK(modules.at("shop").user == "me");
  CHECK(modules.at("shop").password->reveal() == "first");
  CHECK(folder.replace("password", "second\n") == file);
  CHECK(modules.at("shop").password->reveal() == "second");
  CHECK(modules.at("env").user.empty());
  CHECK(modules.at("env").password->reveal() == "other");
  CHECK_FALSE(modules.at("open").password);
  CHECK(parse("").empty());
}

TEST_CASE("faults of credentials name the key and no password", "[credentials]") {
  CHECK_THAT(fault("credentials: {m: x}"), Contains("config.yml:1") && Contains("credentials.m"));
  CHECK_THAT(fault("credentials: {m: {password: secret}}"), Contains("credentials.m.password") && !Contains("secret"));
  CHECK_THAT(fault("credentials: {m: {password_file: /no/such}}"), Contains("password_file") && Contains("/no/such"));
  CHECK_THAT(fault("credentials: {m: {password_env: NO_SUCH_VARIABLE}}"), Contains("password_env"));
  CHECK_THAT(fault("credentials: {m: {password_env: A, password_file: b}}"), Contains("excludes"));
}

TEST_CASE("a target names its credentials", "[credentials]") {
  const CredentialModules modules{{"shop", {"me", std::nullopt}}};
  auto named = YamlMap::from_text("credentials: shop", "config.yml");
  REQUIRE(find_credentials(named, modules) != nullptr);
  auto none = YamlMap::from_text("{}", "config.yml");
  CHECK(find_credentials(none, modules) == nullptr);
  auto unknown = YamlMap::from_text("credentials: other", "config.yml");
  CHECK_THROWS_WITH(find_credentials(unknown, modules), Contains("section credentials"));
}

TEST_CASE("passwords are equal that come from the same place", "[credentials]") {
  const TestFolder folder;
  const auto file = folder.write("password", "user first\n");
  const auto second_word = [](const std::string& text) { return text.substr(text.find(' ') + 1); };
  const auto part = Password::from_file(file, "part", second_word);
  CHECK(part.reveal() == "first");
  CHECK(part == Password::from_file(file, "part", second_word));
  CHECK_FALSE(part == Password::from_file(file));
  CHECK(Password::from_text("a") == Password::from_text("b"));
}
