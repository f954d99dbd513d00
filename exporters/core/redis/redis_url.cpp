// SPDX-License-Identifier: Apache-2.0
#include "redis_url.h"

#include <stdexcept>
#include <string>

#include "core/text.h"

namespace binnacle {

namespace {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    const auto digits = text.substr(at + 1, 2);
    const auto byte = digits.size() == 2 ? to_u64(digits, 16) : std::nullopt;
    if (!byte) throw std::runtime_error("a percent sign is not followed by two hexadecimal digits");
    decoded += static_cast<char>(*byte);
    at += 2;
  }
  return decoded;
}

/// What follows the scheme of a URL; nothing where there is none. Throws for a scheme that is not known.
bool take_scheme(std::string_view& text) {
  const auto end = text.find("://");
  if (end == std::string_view::npos) return false;
  const auto scheme = text.substr(0, end);
  if (scheme == "unix") return false;
  if (scheme == "rediss" || scheme == "valkeys") {
    throw std::runtime_error("TLS to a server is not supported; expected redis://");
  }
  if (scheme != "redis" && scheme != "valkey" && scheme != "tcp") {
    throw std::runtime_error("expected redis://host:port or host:port");
  }
  text.remove_prefix(end + 3);
  return true;
}

}  // namespace

RedisUrl parse_redis_url(std::string_view text) {
  RedisUrl url;
  if (!take_scheme(text)) {
    url.address = parse_address(text, kRedisPort);
    return url;
  }
  text = text.substr(0, text.find('?'));
  // The last @ of what stands before the path: a password that was not encoded may hold one, or a slash.
  const auto at = text.rfind('@');
  if (at != std::string_view::npos) {
    auto user = text.substr(0, at);
    text.remove_prefix(at + 1);
    const auto colon = user.find(':');
    if (colon != std::string_view::npos) {
      auto password = percent_decoded(user.substr(colon + 1));
      if (!password.empty()) url.credentials.password = Password::from_text(std::move(password));
      user = user.substr(0, colon);
    }
    url.credentials.user = percent_decoded(user);
  }
  const auto database = text.find('/');
  if (database != std::string_view::npos) {
    const auto number = text.substr(database + 1);
    if (!number.empty() && !to_u64(number)) throw std::runtime_error("expected a database's number after the port");
    text = text.substr(0, database);
  }
  url.address = text.empty() ? Address{"localhost", kRedisPort, {}} : parse_address(text, kRedisPort);
  return url;
}

}  // namespace binnacle
