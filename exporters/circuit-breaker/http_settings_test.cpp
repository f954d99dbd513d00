// SPDX-License-Identifier: Apache-2.0
#include "http_settings.h"

#include <catch2/catch.hpp>

#include "core/strict_yaml.h"

using namespace binnacle;
using namespace binnacle::breaker;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

HttpSettings parse(const std::string& text, const CredentialModules& modules = {}) {
  auto config = YamlMap::from_text(text, "config.yml");
  auto settings = parse_http_settings(config, modules);
  config.finish();
  return settings;
}

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "it was taken";
}

}  // namespace

TEST_CASE("URLs of sources") {
  CHECK(parse_url("http://app:8080") == "http://app:8080");
  CHECK(parse_url(" https://[::1]:8443/base// ") == "https://[::1]:8443/base");
  CHECK(parse_url("http://app/a@b") == "http://app/a@b");
}

TEST_CASE("URLs that are none, and those that hold what has its own place") {
  for (const auto* text :
       {"", "app:8080", "ftp://app", "HTTP://app", "http://", "http:///x", "http://me:secret@app/",
        "http://app/?secret=1", "http://app#secret", "http://app/sec ret", "http://app/\x01secret"}) {
    INFO(text);
    try {
      parse_url(text);
      FAIL("it was taken");
    } catch (const std::runtime_error& error) {
      CHECK_THAT(error.what(), StartsWith("expected a "));
      CHECK_THAT(error.what(), !Contains("secret"));
    }
  }
}

TEST_CASE("the config of an HTTP source") {
  const auto password = Password::from_text("secret");
  const CredentialModules modules{{"app", {"me", password}}};
  CHECK(parse("url: http://app:8080/\n").url == "http://app:8080");
  const auto settings =
      parse("url: https://app\ncredentials: app\ntls: {ca_file: /etc/ca.pem, insecure_skip_verify: true}\n", modules);
  CHECK(settings.credentials.user == "me");
  CHECK(settings.credentials.password == password);
  CHECK(settings.ca_file == "/etc/ca.pem");
  CHECK(settings.insecure_skip_verify);
  CHECK_FALSE(parse("url: https://app\n").insecure_skip_verify);
}

TEST_CASE("faults in the config of an HTTP source") {
  CHECK_THAT(error_of("{}"), Contains("expected url: http://host:port"));
  CHECK_THAT(error_of("url: app:8080\n"), StartsWith("config.yml:1: url: expected a URL that begins with"));
  CHECK_THAT(error_of("url: http://me:secret@app\n"), !Contains("secret"));
  CHECK_THAT(error_of("url: http://app\ncredentials: nobody\n"), StartsWith("config.yml:2: credentials: "));
  CHECK_THAT(error_of("url: http://app\ntls: {ca: x}\n"), StartsWith("config.yml:2: tls.ca: "));
  CHECK_THAT(error_of("url: http://app\ntls: {insecure_skip_verify: 1}\n"), Contains("insecure_skip_verify"));
}
