// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/tls1.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle {

/// client_auth_type: whether a client must show a certificate, and whether it is verified.
enum class ClientAuth { none, request, require_any, verify_if_given, require_and_verify };

/// tls_server_config. Of each pair the file wins over the inline text, as in exporter-toolkit.
struct TlsSettings {
  std::string cert_file;  ///< paths are taken from the web config file's own folder
  std::string key_file;
  std::string client_ca_file;
  std::string cert;  ///< PEM in the web config file itself
  std::string key;
  std::string client_ca;
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> client_allowed_sans;
  int min_version = TLS1_2_VERSION;
  int max_version = TLS1_3_VERSION;
  std::string cipher_list;  ///< OpenSSL's names for TLS 1.2 and older
  std::string curves;       ///< OpenSSL's names; empty = OpenSSL's own choice
  bool prefer_server_ciphers = true;

  bool operator==(const TlsSettings&) const = default;
};

/// rate_limit: `burst` requests at once, and one more every `interval`.
struct RateLimit {
  std::chrono::milliseconds interval{0};
  int burst = 0;

  bool operator==(const RateLimit&) const = default;
};

/// The web config file: the YAML that exporter-toolkit defined, key for key.
struct WebConfig {
  std::optional<TlsSettings> tls;                                    ///< nothing = plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;          ///< added to every response
  std::map<std::string, std::string, std::less<>> basic_auth_users;  ///< name to bcrypt hash; empty = no authentication
  std::optional<RateLimit> rate_limit;
};

/// Pure: no file is opened but for its name. `path` is the file's own, for messages and relative paths.
/// Throws ConfigError with one line: the key, its line, what was expected; never a password, hash or key.
WebConfig parse_web_config(std::string_view text, const std::string& path);

}  // namespace binnacle
