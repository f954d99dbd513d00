// SPDX-License-Identifier: Apache-2.0
#include "tls_names.h"

#include <openssl/ssl.h>

#include <array>

namespace binnacle {
namespace {

// In the order of preference. The last four have no forward secrecy: only for who names them.
constexpr std::array<CipherSuite, 17> kCipherSuites{{
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
}};

struct Curve {
  std::string_view name;
  std::string_view openssl;
};
constexpr std::array<Curve, 4> kCurves{
    {{"X25519", "X25519"}, {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}}};

struct Version {
  std::string_view name;
  int openssl;
};
constexpr std::array<Version, 4> kVersions{
    {{"TLS10", TLS1_VERSION}, {"TLS11", TLS1_1_VERSION}, {"TLS12", TLS1_2_VERSION}, {"TLS13", TLS1_3_VERSION}}};

template <typename Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& entry : table) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace

std::optional<CipherSuite> find_cipher_suite(std::string_view name) {
  for (const CipherSuite& suite : kCipherSuites) {
    if (suite.name == name) return suite;
  }
  return std::nullopt;
}

std::string default_cipher_list() {
  std::string list;
  for (const CipherSuite& suite : kCipherSuites) {
    if (!suite.openssl.starts_with("ECDHE-")) continue;
    if (!list.empty()) list += ':';
    list += suite.openssl;
  }
  return list;
}

std::optional<std::string_view> find_curve(std::string_view name) {
  for (const Curve& curve : kCurves) {
    if (curve.name == name) return curve.openssl;
  }
  return std::nullopt;
}

std::optional<int> find_tls_version(std::string_view name) {
  for (const Version& version : kVersions) {
    if (version.name == name) return version.openssl;
  }
  return std::nullopt;
}

std::string known_curves() { return names_of(kCurves); }
std::string known_tls_versions() { return names_of(kVersions); }

}  // namespace binnacle
