// SPDX-License-Identifier: Apache-2.0
#include "http_settings.h"

#include <algorithm>
#include <stdexcept>

#include "core/strict_yaml.h"
#include "core/text.h"

namespace binnacle::breaker {

std::string parse_url(std::string_view text) {
  auto url = trim(text);
  auto rest = url;
  if (!rest.starts_with("http://") && !rest.starts_with("https://")) {
    throw std::runtime_error("expected a URL that begins with http:// or https://");
  }
  rest.remove_prefix(rest.find("://") + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) {
    throw std::runtime_error(
        "expected a URL without a user or password; the config's credentials have a place for them");
  }
  if (authority.empty()) throw std::runtime_error("expected a host in the URL");
  if (rest.find_first_of("?#") != std::string_view::npos) throw std::runtime_error("expected a URL without a query");
  const auto odd = [](char byte) { return static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f'; };
  if (std::any_of(url.begin(), url.end(), odd)) throw std::runtime_error("expected a URL without blanks");
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string{url};
}

HttpSettings parse_http_settings(YamlMap& source, const CredentialModules& modules) {
  HttpSettings settings;
  const auto url = source.text("url");
  if (!url) throw source.error("", "expected url: http://host:port");
  try {
    settings.url = parse_url(*url);
  } catch (const std::runtime_error& error) {
    throw source.error("url", error.what());
  }
  if (const auto* const credentials = find_credentials(source, modules)) settings.credentials = *credentials;
  if (auto tls = source.map("tls")) {
    settings.ca_file = tls->text("ca_file").value_or("");
    settings.insecure_skip_verify = tls->boolean("insecure_skip_verify").value_or(false);
  }
  return settings;
}

}  // namespace binnacle::breaker
