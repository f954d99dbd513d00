// SPDX-License-Identifier: Apache-2.0
#include "heads.h"

#include <algorithm>
#include <array>

namespace binnacle::gateway {

namespace {

constexpr std::array<std::string_view, 4> kCredentialFields{"authorization", "x-api-key", "api-key", "x-goog-api-key"};

std::string host_field(const UpstreamConfig& upstream) {
  const bool literal = upstream.host.find(':') != std::string::npos;
  auto host = literal ? "[" + upstream.host + "]" : upstream.host;
  if (upstream.port != (upstream.tls ? "443" : "80")) host += ":" + upstream.port;
  return host;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kPlain = "-._~@:+";
  static constexpr const char* kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return encoded;
}

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// A text with all escapes of URLs in it read, wherever they are; what is none stays.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    plain += low >= 0 ? static_cast<char>(high * 16 + low) : text[at];
    if (low >= 0) at += 2;
  }
  return plain;
}

/// A query without its members `key`.
std::string without_key(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto member = query.substr(0, end);
    if (member != "key" && !member.starts_with("key=")) {
      if (!kept.empty()) kept += '&';
      kept += member;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return kept;
}

/// Shorter ones are placeholders, which may be a part of anything.
constexpr std::size_t kLeastKey = 8;

void append_via(std::string& head, std::string_view model, std::string_view upstream, int attempts) {
  if (model.empty()) return;
  append_field(head, "x-aigw-model", model);
  append_field(head, "x-aigw-upstream", upstream);
  append_field(head, "x-aigw-attempts", std::to_string(attempts));
}

std::string whole_seconds(std::chrono::milliseconds time) {
  return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count()));
}

}  // namespace

bool is_credential(std::string_view name) {
  return std::any_of(kCredentialFields.begin(), kCredentialFields.end(),
                     [&](std::string_view field) { return same_name(field, name); });
}

std::string upstream_target(std::string_view target, const Route& route, const UpstreamConfig& upstream,
                            std::string_view model, bool drop_key) {
  auto path = std::string{target};
  if (!model.empty() && route.model_at.size() > 0) {
    path.replace(route.model_at.begin, route.model_at.size(), percent_encoded(model));
  }
  if (const auto question = path.find('?'); drop_key && question != std::string::npos) {
    const auto query = without_key(std::string_view{path}.substr(question + 1));
    path.resize(question);
    if (!query.empty()) path += "?" + query;
  }
  return upstream.path + path;
}

std::string upstream_head(const UpstreamHead& request, const UpstreamConfig& upstream) {
  std::string head;
  head.reserve(1024);
  head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  append_field(head, "Host", host_field(upstream));
  const auto connection = request.headers->value("connection");
  const bool own_key = !request.key.empty() || request.drop_credentials;
  const auto is_set = [&](std::string_view name) {
    return std::any_of(upstream.headers.begin(), upstream.headers.end(),
                       [&](const auto& field) { return same_name(field.first, name); });
  };
  for (const auto& [name, value] : request.headers->all()) {
    if (same_name(name, "host") || same_name(name, "content-length") || same_name(name, "expect")) continue;
    if (is_hop_by_hop(name, connection) || same_name(name, "proxy-authorization")) continue;
    if (own_key && is_credential(name)) continue;
    if (request.drop_encoding && same_name(name, "content-encoding")) continue;
    if (request.identity && same_name(name, "accept-encoding")) continue;
    if (is_set(name)) continue;
    append_field(head, name, value);
  }
  if (request.identity) append_field(head, "Accept-Encoding", "identity");
  for (const auto& [name, value] : upstream.headers) append_field(head, name, value);
  if (!request.key.empty()) {
    const auto& field = upstream.key_header;
    append_field(head, field, same_name(field, "authorization") ? "Bearer " + request.key : request.key);
  }
  if (request.body_bytes > 0 || (request.method != "GET" && request.method != "HEAD")) {
    append_field(head, "Content-Length", std::to_string(request.body_bytes));
  }
  head += "\r\n";
  return head;
}

std::string client_head(const ClientHead& reply) {
  std::string head;
  head.reserve(1024);
  const auto has_key = [&](std::string_view text) {
    if (reply.key.size() < kLeastKey) return false;
    return text.find(reply.key) != std::string_view::npos ||
           (text.find('%') != std::string_view::npos && unescaped(text).find(reply.key) != std::string::npos);
  };
  append_status(head, reply.status, has_key(reply.reason) ? std::string_view{} : reply.reason);
  const auto connection = reply.headers->value("connection");
  for (const auto& [name, value] : reply.headers->all()) {
    if (is_hop_by_hop(name, connection)) continue;
    if (same_name(name, "content-length") && reply.framing != Framing::length) continue;
    if (reply.drop_encoding && same_name(name, "content-encoding")) continue;
    if (reply.no_retry && same_name(name, "x-should-retry")) continue;
    if (has_key(value)) continue;
    append_field(head, name, value);
  }
  if (reply.framing == Framing::chunked) append_field(head, "Transfer-Encoding", "chunked");
  if (reply.event_stream && reply.headers->find("x-accel-buffering") == nullptr) {
    append_field(head, "X-Accel-Buffering", "no");
  }
  append_via(head, reply.model, reply.upstream, reply.attempts);
  if (reply.no_retry) append_field(head, "x-should-retry", "false");
  append_field(head, "Connection", reply.keep_alive && reply.framing != Framing::close ? "keep-alive" : "close");
  head += "\r\n";
  return head;
}

std::string own_reply(const OwnReply& reply) {
  std::string head;
  append_status(head, reply.status);
  append_field(head, "Content-Type", "application/json");
  append_field(head, "Content-Length", std::to_string(reply.body.size()));
  if (reply.retry_after) append_field(head, "Retry-After", whole_seconds(*reply.retry_after));
  if (reply.no_retry) append_field(head, "x-should-retry", "false");
  if (!reply.allow.empty()) append_field(head, "Allow", reply.allow);
  append_via(head, reply.model, reply.upstream, reply.attempts);
  append_field(head, "Connection", reply.keep_alive ? "keep-alive" : "close");
  head += "\r\n";
  if (!reply.head_only) head += reply.body;
  return head;
}

std::string client_key(const Headers& headers, std::string_view target) {
  for (const auto name : kCredentialFields) {
    const auto* const value = headers.find(name);
    if (value == nullptr) continue;
    if (!same_name(name, "authorization")) return *value;
    const auto space = value->find(' ');
    if (space != std::string::npos && same_name(std::string_view{*value}.substr(0, space), "bearer")) {
      const auto begin = value->find_first_not_of(' ', space);
      return begin == std::string::npos ? std::string{} : value->substr(begin);
    }
  }
  const auto question = target.find('?');
  auto query = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    if (query.substr(0, end).starts_with("key=")) return std::string{query.substr(4, end - 4)};
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

}  // namespace binnacle::gateway
