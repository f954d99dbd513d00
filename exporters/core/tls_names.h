// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace binnacle {

/// A TLS 1.2 cipher suite or a TLS 1.3 one, by the name that the web config file (and Go) uses for it.
struct CipherSuite {
  std::string_view name;     ///< "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  std::string_view openssl;  ///< "ECDHE-RSA-AES128-GCM-SHA256"; empty for TLS 1.3, whose suites are not configurable
};

/// The suite of that name, or nothing.
std::optional<CipherSuite> find_cipher_suite(std::string_view name);
/// The suites of forward secrecy, strongest first, as an OpenSSL cipher list: what is offered when none are named.
std::string default_cipher_list();

/// "CurveP256" to OpenSSL's "P-256"; nothing for an unknown curve.
std::optional<std::string_view> find_curve(std::string_view name);

/// "TLS12" to OpenSSL's TLS1_2_VERSION; nothing for an unknown version.
std::optional<int> find_tls_version(std::string_view name);

/// For messages: the names, separated by ", ".
std::string known_curves();
std::string known_tls_versions();

}  // namespace binnacle
