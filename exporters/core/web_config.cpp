// SPDX-License-Identifier: Apache-2.0
#include "web_config.h"

#include <algorithm>
#include <array>
#include <functional>

#include "basic_auth.h"
#include "strict_yaml.h"
#include "text.h"
#include "tls_names.h"

namespace binnacle {
namespace {

struct ClientAuthName {
  std::string_view name;
  ClientAuth value;
};
constexpr std::array<ClientAuthName, 6> kClientAuthNames{{
    {"NoClientCert", ClientAuth::none},
    {"RequestClientCert", ClientAuth::request},
    {"RequireAnyClientCert", ClientAuth::require_any},
    {"RequireClientCert", ClientAuth::require_any},  // the old name of RequireAnyClientCert
    {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
    {"RequireAndVerifyClientCert", ClientAuth::require_and_verify},
}};

struct AllowedHeader {
  std::string_view name;
  std::string_view values;  ///< separated by ", "; empty = any
};
constexpr std::array<AllowedHeader, 5> kAllowedHeaders{{
    {"Content-Security-Policy", ""},
    {"Strict-Transport-Security", ""},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "deny, sameorigin"},
    {"X-XSS-Protection", ""},
}};

std::string join_folder(const std::string& folder, const std::string& file) {
  return file.empty() || file[0] == '/' || folder.empty() ? file : folder + "/" + file;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {};
  return slash == 0 ? "/" : path.substr(0, slash);
}

ClientAuth read_client_auth(YamlMap& map) {
  const std::string name = map.text("client_auth_type").value_or("");
  if (name.empty()) return ClientAuth::none;
  const auto* found = std::find_if(kClientAuthNames.begin(), kClientAuthNames.end(),
                                   [&](const ClientAuthName& entry) { return entry.name == name; });
  if (found == kClientAuthNames.end()) {
    throw map.error("client_auth_type", quoted(name) +
                                            " is unknown; expected NoClientCert, RequestClientCert, "
                                            "RequireAnyClientCert, VerifyClientCertIfGiven or "
                                            "RequireAndVerifyClientCert");
  }
  return found->value;
}

int read_version(YamlMap& map, const std::string& key, int otherwise) {
  const auto name = map.text(key);
  if (!name) return otherwise;
  const auto version = find_tls_version(*name);
  if (!version) throw map.error(key, quoted(*name) + " is unknown; expected one of " + known_tls_versions());
  return *version;
}

void read_cipher_suites(YamlMap& map, TlsSettings& tls) {
  const auto names = map.texts("cipher_suites").value_or(std::vector<std::string>{});
  for (const std::string& name : names) {
    const auto suite = find_cipher_suite(name);
    if (!suite) {
      throw map.error("cipher_suites", quoted(name) +
                                           " is unknown; expected Go's name of a suite, such as "
                                           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    }
    if (suite->openssl.empty()) continue;
    if (!tls.cipher_list.empty()) tls.cipher_list += ':';
    tls.cipher_list += suite->openssl;
  }
  if (!tls.cipher_list.empty()) return;
  tls.cipher_list = default_cipher_list();
  if (names.empty()) return;
  // Only suites of TLS 1.3 were named: none is left for older versions.
  if (tls.max_version < TLS1_3_VERSION) {
    throw map.error("cipher_suites", "names only suites of TLS 1.3, which max_version rules out");
  }
  tls.min_version = TLS1_3_VERSION;
}

void read_curves(YamlMap& map, TlsSettings& tls) {
  for (const std::string& name : map.texts("curve_preferences").value_or(std::vector<std::string>{})) {
    const auto curve = find_curve(name);
    if (!curve) throw map.error("curve_preferences", quoted(name) + " is unknown; expected one of " + known_curves());
    if (!tls.curves.empty()) tls.curves += ':';
    tls.curves += *curve;
  }
}

std::optional<TlsSettings> read_tls(YamlMap& map, const std::string& folder) {
  TlsSettings tls;
  tls.cert = map.text("cert").value_or("");
  tls.key = map.text("key").value_or("");
  tls.client_ca = map.text("client_ca").value_or("");
  tls.cert_file = join_folder(folder, map.text("cert_file").value_or(""));
  tls.key_file = join_folder(folder, map.text("key_file").value_or(""));
  tls.client_ca_file = join_folder(folder, map.text("client_ca_file").value_or(""));
  tls.client_auth = read_client_auth(map);
  const auto sans = map.texts("client_allowed_sans");
  tls.min_version = read_version(map, "min_version", tls.min_version);
  tls.max_version = read_version(map, "max_version", tls.max_version);
  if (tls.min_version > tls.max_version) throw map.error("max_version", "is below min_version");
  read_cipher_suites(map, tls);
  read_curves(map, tls);
  tls.prefer_server_ciphers = map.boolean("prefer_server_cipher_suites").value_or(true);
  map.finish();

  if (map.keys().empty()) return std::nullopt;
  // Half a configuration would mean plain HTTP to the incumbents; nobody who writes one expects that.
  if (tls.cert.empty() && tls.cert_file.empty()) throw map.error("", "cert_file (or cert) is missing");
  if (tls.key.empty() && tls.key_file.empty()) throw map.error("", "key_file (or key) is missing");
  if (tls.client_auth == ClientAuth::none && !(tls.client_ca.empty() && tls.client_ca_file.empty())) {
    throw map.error(tls.client_ca_file.empty() ? "client_ca" : "client_ca_file",
                    "needs a client_auth_type, such as RequireAndVerifyClientCert");
  }
  if (sans) {
    if (tls.client_auth != ClientAuth::require_any && tls.client_auth != ClientAuth::require_and_verify) {
      throw map.error("client_allowed_sans",
                      "needs client_auth_type RequireAndVerifyClientCert (or RequireAnyClientCert)");
    }
    if (sans->empty()) throw map.error("client_allowed_sans", "is empty; expected at least one name");
    tls.client_allowed_sans = *sans;
  }
  return tls;
}

bool among(std::string_view values, std::string_view value) {
  while (!values.empty()) {
    if (trim(take_until(values, ',')) == value) return true;
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> read_headers(YamlMap& map) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const AllowedHeader& allowed : kAllowedHeaders) {
    const std::string name(allowed.name);
    const std::string value = map.text(name).value_or("");
    if (value.empty()) continue;
    if (!allowed.values.empty() && !among(allowed.values, value)) {
      throw map.error(name, quoted(value) + " is not allowed; expected " + std::string(allowed.values));
    }
    const bool control =
        std::any_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    if (control) throw map.error(name, "has a line break");
    headers.emplace_back(name, value);
  }
  map.finish();
  return headers;
}

std::map<std::string, std::string, std::less<>> read_users(YamlMap& map) {
  std::map<std::string, std::string, std::less<>> users;
  for (const std::string& name : map.keys()) {
    std::string hash = map.text(name).value_or("");
    if (name.find(':') != std::string::npos) throw map.error("", "a user's name has a ':', which no client can send");
    if (!bcrypt_cost(hash)) {
      throw map.error(name,
                      "is not a bcrypt hash; expected $2b$ (or $2a$, $2y$), a cost from 04 to 31 and 53 characters");
    }
    users.emplace(name, std::move(hash));
  }
  map.finish();
  return users;
}

std::optional<RateLimit> read_rate_limit(YamlMap& map) {
  const auto interval = map.duration("interval").value_or(std::chrono::milliseconds(0));
  const long burst = map.integer("burst").value_or(0);
  map.finish();
  constexpr long kMaxBurst = 1'000'000'000;
  if (interval.count() < 0) throw map.error("interval", "is negative");
  if (interval.count() == 0) return std::nullopt;
  if (burst < 1 || burst > kMaxBurst)
    throw map.error("burst", "must be from 1 to 1000000000, or no request would pass");
  return RateLimit{interval, static_cast<int>(burst)};
}

}  // namespace

WebConfig parse_web_config(std::string_view text, const std::string& path) {
  YamlMap root = YamlMap::from_text(text, path);
  WebConfig config;
  auto tls = root.map("tls_server_config");
  auto http = root.map("http_server_config");
  auto users = root.map("basic_auth_users");
  auto rate_limit = root.map("rate_limit");
  if (tls) config.tls = read_tls(*tls, folder_of(path));
  if (http) {
    // HTTP/2 is never spoken here: true is the incumbents' default, and a client settles for HTTP/1.1 by itself.
    http->boolean("http2");
    auto headers = http->map("headers");
    if (headers) config.headers = read_headers(*headers);
  }
  if (users) config.basic_auth_users = read_users(*users);
  if (rate_limit) config.rate_limit = read_rate_limit(*rate_limit);
  root.finish();
  return config;
}

}  // namespace binnacle
