// SPDX-License-Identifier: Apache-2.0
#include "web_config.h"

#include <catch2/catch.hpp>

#include "strict_yaml.h"
#include "tls_names.h"

using binnacle::ClientAuth;
using binnacle::ConfigError;
using binnacle::parse_web_config;
using binnacle::WebConfig;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kHash = "$2b$04$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK";

WebConfig parse(const std::string& text) { return parse_web_config(text, "/etc/x/web.yml"); }

/// A tls_server_config with a certificate, a key and these lines.
std::string tls(const std::string& lines) {
  return "tls_server_config:\n  cert_file: c.pem\n  key_file: k.pem\n" + lines;
}

}  // namespace

TEST_CASE("a file with nothing in it is plain HTTP without authentication", "[web_config]") {
  const auto* text = GENERATE("", "\n", "# comment\n", "---\n", "tls_server_config:\n", "tls_server_config: {}\n",
                              "basic_auth_users: {}\nhttp_server_config:\nrate_limit:\n");
  CAPTURE(text);
  const WebConfig config = parse(text);
  CHECK_FALSE(config.tls);
  CHECK(config.headers.empty());
  CHECK(config.basic_auth_users.empty());
  CHECK_FALSE(config.rate_limit);
}

TEST_CASE("TLS settings have the incumbents' defaults", "[web_config]") {
  const auto settings = parse(tls("")).tls;
  REQUIRE(settings);
  CHECK(settings->cert_file == "/etc/x/c.pem");
  CHECK(settings->key_file == "/etc/x/k.pem");
  CHECK(settings->client_ca_file.empty());
  CHECK(settings->client_auth == ClientAuth::none);
  CHECK(settings->min_version == TLS1_2_VERSION);
  CHECK(settings->max_version == TLS1_3_VERSION);
  CHECK(settings->prefer_server_ciphers);
  CHECK(settings->curves.empty());
  CHECK(settings->cipher_list == binnacle::default_cipher_list());
}

TEST_CASE("all TLS keys are understood", "[web_config]") {
  const auto settings = parse(tls("  client_ca_file: /ca/ca.pem\n"
                                  "  client_auth_type: RequireAndVerifyClientCert\n"
                                  "  client_allowed_sans: [a.example, 10.0.0.1]\n"
                                  "  min_version: TLS10\n"
                                  "  max_version: TLS12\n"
                                  "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256,\n"
                                  "                  TLS_RSA_WITH_AES_128_CBC_SHA]\n"
                                  "  curve_preferences: [CurveP521, X25519]\n"
                                  "  prefer_server_cipher_suites: false\n"))
                            .tls;
  REQUIRE(settings);
  CHECK(settings->client_ca_file == "/ca/ca.pem");
  CHECK(settings->client_auth == ClientAuth::require_and_verify);
  CHECK(settings->client_allowed_sans == std::vector<std::string>{"a.example", "10.0.0.1"});
  CHECK(settings->min_version == TLS1_VERSION);
  CHECK(settings->max_version == TLS1_2_VERSION);
  CHECK(settings->cipher_list == "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA");
  CHECK(settings->curves == "P-521:X25519");
  CHECK_FALSE(settings->prefer_server_ciphers);
}

TEST_CASE("a certificate may stand in the file itself", "[web_config]") {
  const auto settings = parse(
                            "tls_server_config:\n  cert: |\n    C\n  key: K\n  client_ca: A\n"
                            "  client_auth_type: VerifyClientCertIfGiven\n")
                            .tls;
  REQUIRE(settings);
  CHECK(settings->cert == "C\n");
  CHECK(settings->key == "K");
  CHECK(settings->client_ca == "A");
  CHECK(settings->cert_file.empty());
}

TEST_CASE("paths are taken from the file's folder", "[web_config]") {
  CHECK(binnacle::parse_web_config(tls(""), "web.yml").tls->cert_file == "c.pem");
  CHECK(binnacle::parse_web_config(tls(""), "/web.yml").tls->cert_file == "//c.pem");
  CHECK(binnacle::parse_web_config(tls(""), "a/web.yml").tls->cert_file == "a/c.pem");
}

TEST_CASE("every client_auth_type is understood, the old name too", "[web_config]") {
  const auto [name, value] = GENERATE(table<std::string, ClientAuth>({
      {"NoClientCert", ClientAuth::none},
      {"RequestClientCert", ClientAuth::request},
      {"RequireAnyClientCert", ClientAuth::require_any},
      {"RequireClientCert", ClientAuth::require_any},
      {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
      {"RequireAndVerifyClientCert", ClientAuth::require_and_verify},
      {"\"\"", ClientAuth::none},
  }));
  CHECK(parse(tls("  client_auth_type: " + name + "\n")).tls->client_auth == value);
}

TEST_CASE("only suites of TLS 1.3 leave TLS 1.3 only", "[web_config]") {
  CHECK(parse(tls("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n")).tls->min_version == TLS1_3_VERSION);
  CHECK_THROWS_WITH(parse(tls("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  max_version: TLS12\n")),
                    Contains("cipher_suites") && Contains("only suites of TLS 1.3"));
  CHECK(parse(tls("  cipher_suites: []\n")).tls->min_version == TLS1_2_VERSION);
}

TEST_CASE("headers of the allow-list are taken, empty ones are none", "[web_config]") {
  const auto config = parse(
      "http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: ''\n"
      "    X-Content-Type-Options: nosniff\n    Strict-Transport-Security: max-age=1\n"
      "    Content-Security-Policy: default-src 'self'\n");
  const std::vector<std::pair<std::string, std::string>> expected{{"Content-Security-Policy", "default-src 'self'"},
                                                                  {"Strict-Transport-Security", "max-age=1"},
                                                                  {"X-Content-Type-Options", "nosniff"},
                                                                  {"X-Frame-Options", "deny"}};
  CHECK(config.headers == expected);
}

TEST_CASE("users and the rate limit are taken", "[web_config]") {
  const auto config = parse(std::string("basic_auth_users:\n  alice: ") + kHash + "\n  'b o b': \"" + kHash +
                            "\"\nrate_limit:\n  interval: 1500ms\n  burst: 20\n");
  CHECK(config.basic_auth_users.size() == 2);
  CHECK(config.basic_auth_users.at("alice") == kHash);
  CHECK(config.basic_auth_users.contains("b o b"));
  REQUIRE(config.rate_limit);
  CHECK(config.rate_limit->interval.count() == 1500);
  CHECK(config.rate_limit->burst == 20);
  CHECK_FALSE(parse("rate_limit:\n  interval: 0s\n  burst: 0\n").rate_limit);
}

TEST_CASE("what is wrong is named with its line, its key and what was expected", "[web_config]") {
  const auto [text, line, why] = GENERATE(table<std::string, std::string, std::string>({
      // Unknown keys, wrong types, junk.
      {"tls_server_confg: {}\n", "web.yml:1", "tls_server_confg"},
      {tls("  cert_fil: x\n"), "web.yml:4", "tls_server_config.cert_fil"},
      {"http_server_config:\n  http3: true\n", "web.yml:2", "http_server_config.http3"},
      {"http_server_config:\n  headers:\n    X-Powered-By: me\n", "web.yml:3", "X-Powered-By"},
      {"rate_limit:\n  intervall: 1s\n", "web.yml:2", "rate_limit.intervall"},
      {"tls_server_config: []\n", "web.yml:1", "a mapping"},
      {"tls_server_config: yes please\n", "web.yml:1", "a mapping"},
      {"basic_auth_users: [a]\n", "web.yml:1", "a mapping"},
      {"- 1\n", "web.yml:1", "keys and values"},
      {"}{", "web.yml:1", "bad YAML"},
      {std::string("a\0b", 3), "web.yml:1", "control byte"},
      {"basic_auth_users:\n  a: x\n  a: y\n", "web.yml:3", "twice"},
      {tls("  prefer_server_cipher_suites: sometimes\n"), "web.yml:4", "true or false"},
      {tls("  cipher_suites: TLS_AES_128_GCM_SHA256\n"), "web.yml:4", "cipher_suites"},
      {"http_server_config:\n  http2: 2\n", "web.yml:2", "true or false"},
      // TLS.
      {"tls_server_config:\n  key_file: k\n", "web.yml", "cert_file (or cert) is missing"},
      {"tls_server_config:\n  cert_file: c\n", "web.yml", "key_file (or key) is missing"},
      {"tls_server_config:\n  min_version: TLS13\n", "web.yml", "cert_file (or cert) is missing"},
      {tls("  min_version: TLS14\n"), "web.yml:4", "\"TLS14\" is unknown; expected one of TLS10, TLS11, TLS12, TLS13"},
      {tls("  max_version: 1.2\n"), "web.yml:4", "\"1.2\" is unknown"},
      {tls("  max_version: TLS11\n"), "web.yml:4", "max_version: is below min_version"},
      {tls("  cipher_suites: [TLS_INVENTED]\n"), "web.yml:4", "\"TLS_INVENTED\" is unknown"},
      {tls("  cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]\n"), "web.yml:4", "is unknown"},
      {tls("  curve_preferences: [CurveP257]\n"), "web.yml:4", "\"CurveP257\" is unknown; expected one of X25519"},
      {tls("  client_auth_type: Always\n"), "web.yml:4", "\"Always\" is unknown; expected NoClientCert"},
      {tls("  client_ca_file: ca\n"), "web.yml:4", "client_ca_file: needs a client_auth_type"},
      {tls("  client_ca: ca\n  client_auth_type: NoClientCert\n"), "web.yml:4", "client_ca: needs a client_auth_type"},
      {tls("  client_allowed_sans: [a]\n"), "web.yml:4", "client_allowed_sans: needs client_auth_type"},
      {tls("  client_allowed_sans: [a]\n  client_auth_type: RequestClientCert\n"), "web.yml:4",
       "needs client_auth_type"},
      {tls("  client_allowed_sans: [a]\n  client_auth_type: VerifyClientCertIfGiven\n"), "web.yml:4", "needs"},
      {tls("  client_allowed_sans: []\n  client_auth_type: RequireAnyClientCert\n"), "web.yml:4", "is empty"},
      // The rest.
      {"http_server_config:\n  headers:\n    X-Frame-Options: allow\n", "web.yml:3", "expected deny, sameorigin"},
      {"http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n", "web.yml:3", "expected nosniff"},
      {"http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\r\\nb\"\n", "web.yml:3", "line break"},
      {"basic_auth_users:\n  alice: hunter2\n", "web.yml:2", "basic_auth_users.alice"},
      {"basic_auth_users:\n  alice:\n", "web.yml:2", "basic_auth_users.alice"},
      {"basic_auth_users:\n  'a:b': x\n", "web.yml", "a ':'"},
      {"rate_limit:\n  interval: -1s\n", "web.yml:2", "interval"},
      {"rate_limit:\n  interval: often\n", "web.yml:2", "interval"},
      {"rate_limit:\n  interval: 1s\n", "web.yml", "burst"},
      {"rate_limit:\n  interval: 1s\n  burst: 0\n", "web.yml:3", "burst"},
      {"rate_limit:\n  interval: 1s\n  burst: 1.5\n", "web.yml:3", "a whole number"},
  }));
  CAPTURE(text);
  try {
    parse(text);
    FAIL("accepted");
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    CHECK_THAT(message, Contains(line));
    CHECK_THAT(message, Contains(why));
    CHECK_THAT(message, !Contains("\n"));
  }
}

TEST_CASE("no message shows a password, a hash or a key", "[web_config]") {
  const auto* text =
      GENERATE("basic_auth_users:\n  alice: swordfish\n", "basic_auth_users: swordfish\n",
               "basic_auth_users:\n  alice: [swordfish]\n", "tls_server_config:\n  key: [swordfish]\n",
               "tls_server_config:\n  key: swordfish\n", "basic_auth_users:\n  alice: $2b$04$swordfish\n  x: \"\n");
  CAPTURE(text);
  CHECK_THROWS_WITH(parse(text), !Contains("swordfish"));
}

TEST_CASE("names of suites, curves and versions are Go's", "[web_config]") {
  CHECK(binnacle::find_cipher_suite("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")->openssl ==
        "ECDHE-ECDSA-CHACHA20-POLY1305");
  CHECK(binnacle::find_cipher_suite("TLS_CHACHA20_POLY1305_SHA256")->openssl.empty());
  CHECK_FALSE(binnacle::find_cipher_suite(""));
  CHECK_FALSE(binnacle::find_cipher_suite("TLS_RSA_WITH_RC4_128_SHA"));
  CHECK(binnacle::find_curve("CurveP384") == "P-384");
  CHECK_FALSE(binnacle::find_curve("P-384"));
  CHECK(binnacle::find_tls_version("TLS11") == TLS1_1_VERSION);
  CHECK_FALSE(binnacle::find_tls_version("SSL30"));
  CHECK_THAT(binnacle::default_cipher_list(), !Contains("::") && !Contains(":AES") && Contains("ECDHE"));
}
