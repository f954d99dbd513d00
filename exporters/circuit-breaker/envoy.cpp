// SPDX-License-Identifier: Apache-2.0
#include "envoy.h"

#include "core/strict_yaml.h"
#include "envoy_breakers.h"
#include "http_client.h"

namespace binnacle::breaker {

namespace {

/// For a query: all but letters and digits as %XX.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char byte : text) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (plain || byte == '_' || byte == '.') {
      encoded += byte;
      continue;
    }
    const auto value = static_cast<unsigned char>(byte);
    encoded += '%';
    encoded += kDigits[value >> 4U];
    encoded += kDigits[value & 15U];
  }
  return encoded;
}

class EnvoySource final : public Source {
 public:
  explicit EnvoySource(const EnvoySettings& settings)
      : http_(settings.http),
        breakers_(settings.hosts),
        stats_page_("/stats?format=json&filter=" + percent_encoded(kEnvoyStatsFilter)) {}

  Reading poll(const PollContext& context) override {
    const auto clusters = parse_envoy_clusters(http_.get("/clusters?format=json", context));
    const auto stats = parse_envoy_stats(http_.get(stats_page_, context));
    return breakers_.observe(stats, clusters);
  }

 private:
  HttpClient http_;
  EnvoyBreakers breakers_;
  const std::string stats_page_;
};

}  // namespace

EnvoySettings envoy_from_address(const std::string& address) {
  EnvoySettings settings;
  settings.http.url = parse_url(address);
  return settings;
}

EnvoySettings parse_envoy(YamlMap& source, const CredentialModules& modules) {
  EnvoySettings settings;
  settings.http = parse_http_settings(source, modules);
  settings.hosts = source.boolean("hosts").value_or(true);
  return settings;
}

std::unique_ptr<Source> make_source(const EnvoySettings& settings) { return std::make_unique<EnvoySource>(settings); }

}  // namespace binnacle::breaker
