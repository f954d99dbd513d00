// SPDX-License-Identifier: Apache-2.0
#include "upstream_config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "config_values.h"
#include "core/http_response.h"
#include "core/log.h"
#include "core/strict_yaml.h"
#include "core/text.h"

namespace binnacle::gateway {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostUpstreams = 1'000;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40U;

/// Headers that a config may not set: a key has a place of its own, and the others belong to each connection or body.
constexpr std::array<std::string_view, 20> kNotToBeSet{
    "Authorization",
    "Proxy-Authorization",
    "Proxy-Authenticate",
    "Cookie",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "Host",
    "Content-Length",
    "Content-Encoding",
    "Transfer-Encoding",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "Accept-Encoding",
    "Content-Type",
};

bool is_host_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '-' || byte == '_';
  });
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// Takes the host off the front of an authority; what is left begins with the port's colon, or is empty.
std::string take_host(std::string_view& authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    std::string host{authority.substr(1, end == std::string_view::npos ? end : end - 1)};
    if (end == std::string_view::npos || !is_ipv6(host)) {
      throw std::runtime_error("expected an IPv6 address between the brackets");
    }
    authority.remove_prefix(end + 1);
    return host;
  }
  const auto host = authority.substr(0, authority.find(':'));
  authority.remove_prefix(host.size());
  if (authority.find(':', 1) != std::string_view::npos) throw std::runtime_error("an IPv6 address needs brackets");
  if (!is_host_name(host)) throw std::runtime_error("expected a host in the URL");
  return std::string{host};
}

std::string parse_path(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.find("//") != std::string_view::npos) throw std::runtime_error("expected a path without //");
  auto rest = path;
  while (!rest.empty()) {
    const auto part = take_until(rest, '/');
    if (part == "." || part == "..") throw std::runtime_error("expected a path without . and ..");
  }
  return std::string{path};
}

void parse_url(YamlMap& section, UpstreamConfig& upstream) {
  const auto text = section.text("url");
  if (!text) throw section.error("", "expected url: https://host");
  try {
    auto url = parse_upstream_url(*text);
    upstream.tls = url.tls;
    upstream.host = std::move(url.host);
    upstream.port = std::move(url.port);
    upstream.path = std::move(url.path);
  } catch (const std::runtime_error& error) {
    throw section.error("url", error.what());
  }
  if (upstream.path.ends_with("/v1")) {
    log::warn("an upstream's URL ends with /v1: requests for /v1/… go to /v1/v1/… there",
              {{"upstream", upstream.name}});
  }
}

std::string default_key_header(Dialect dialect) {
  switch (dialect) {
    case Dialect::anthropic:
      return "x-api-key";
    case Dialect::gemini:
      return "x-goog-api-key";
    case Dialect::openai:
      break;
  }
  return "Authorization";
}

std::optional<Secret> parse_key_source(YamlMap& section) {
  const auto file = section.text("key_file");
  const auto variable = section.text("key_env");
  if (file && variable) throw section.error("key_env", "excludes key_file");
  if (file) {
    try {
      return Secret::from_file(*file);
    } catch (const std::runtime_error& error) {
      throw section.error("key_file", error.what());
    }
  }
  if (!variable) return std::nullopt;
  const char* const value = std::getenv(variable->c_str());
  if (value == nullptr || *value == '\0') throw section.error("key_env", "no such environment variable is set");
  return Secret::from_text(value);
}

void parse_key(YamlMap& section, UpstreamConfig& upstream) {
  upstream.key = parse_key_source(section);
  const auto header = section.text("key_header");
  upstream.key_header = header.value_or(default_key_header(upstream.dialect));
  if (!is_header_name(upstream.key_header)) throw section.error("key_header", "expected a header's name");
  if (header && !upstream.key) throw section.error("key_header", "expected key_file or key_env beside it");
  if (!upstream.key) return;
  if (!is_header_value(upstream.key->reveal())) {
    throw section.error(section.text("key_file") ? "key_file" : "key_env",
                        "expected a key of one line, without blanks at its ends");
  }
  if (!upstream.tls && !is_loopback(upstream.host)) {
    log::warn("the key of an upstream goes over the network unencrypted; expected https://",
              {{"upstream", upstream.name}});
  }
}

void parse_headers(YamlMap& section, UpstreamConfig& upstream) {
  auto headers = section.map("headers");
  if (!headers) return;
  for (const auto& name : headers->keys()) {
    const auto value = headers->text(name).value_or("");
    if (!is_header_name(name)) throw headers->error("", "expected headers' names");
    const bool refused =
        std::any_of(kNotToBeSet.begin(), kNotToBeSet.end(), [&](auto other) { return same_header(name, other); }) ||
        same_header(name, upstream.key_header);
    if (refused) {
      throw headers->error(name, "this header cannot be set here; a key belongs into key_file or key_env");
    }
    if (!is_header_value(value)) throw headers->error(name, "expected one line, without blanks at its ends");
    for (const auto& other : upstream.headers) {
      if (same_header(name, other.first)) throw headers->error(name, "another header has this name");
    }
    upstream.headers.emplace_back(name, value);
  }
}

void parse_tls(YamlMap& section, UpstreamConfig& upstream) {
  for (const auto& [key, value] : {std::pair{"ca_file", &upstream.ca_file}, {"server_name", &upstream.server_name}}) {
    const auto text = section.text(key);
    if (text && !upstream.tls) throw section.error(key, "expected a URL with https:// beside it");
    *value = text.value_or("");
  }
  if (!upstream.server_name.empty() && !is_host_name(upstream.server_name)) {
    throw section.error("server_name", "expected a host's name");
  }
}

void parse_client_abort(YamlMap& section, UpstreamConfig& upstream) {
  const auto policy = section.text("on_client_abort").value_or("cancel");
  if (policy != "cancel" && policy != "drain") throw section.error("on_client_abort", "expected cancel or drain");
  upstream.on_client_abort = policy == "drain" ? UpstreamConfig::OnAbort::drain : UpstreamConfig::OnAbort::cancel;
  auto drain = section.map("drain");
  if (!drain) return;
  read_time(*drain, "time", upstream.drain_time);
  upstream.drain_bytes = read_count(*drain, "bytes", upstream.drain_bytes, 1, kMostBytes);
  upstream.drains = read_count(*drain, "streams", upstream.drains, 1, 100'000);
}

void parse_breaker(YamlMap& section, CircuitBreaker::Settings& settings) {
  auto breaker = section.map("breaker");
  if (!breaker) return;
  const auto calls = breaker->integer("window_calls");
  if (calls && breaker->duration("window")) {
    throw breaker->error("window_calls", "expected either window or window_calls");
  }
  read_time(*breaker, "window", settings.window.time, 1s);
  settings.window.calls = static_cast<std::uint32_t>(read_count(*breaker, "window_calls", 0, 1, 1'000'000));
  settings.minimum_calls =
      static_cast<std::uint32_t>(read_count(*breaker, "minimum_calls", settings.minimum_calls, 1, 1'000'000));
  if (calls && settings.minimum_calls > settings.window.calls) {
    throw breaker->error("window_calls", "expected minimum_calls or more, else it never opens");
  }
  read_ratio(*breaker, "failure_ratio", settings.failure_ratio);
  read_ratio(*breaker, "slow_ratio", settings.slow_ratio);
  for (const auto& [key, ratio] :
       {std::pair{"failure_ratio", settings.failure_ratio}, {"slow_ratio", settings.slow_ratio}}) {
    if (ratio == 0) throw breaker->error(key, "expected more than 0");
  }
  milliseconds slow_call = std::chrono::duration_cast<milliseconds>(settings.slow_call);
  read_time(*breaker, "slow_call", slow_call);
  settings.slow_call = slow_call;
  read_time(*breaker, "open_time", settings.open_time);
  settings.half_open_calls =
      static_cast<std::uint32_t>(read_count(*breaker, "half_open_calls", settings.half_open_calls, 1, 10'000));
}

void parse_probe(YamlMap& section, UpstreamConfig& upstream) {
  auto probe = section.map("probe");
  if (!probe) return;
  upstream.probe_path = probe->text("path").value_or("");
  const auto is_odd = [](char byte) { return byte <= ' ' || byte > '~' || byte == '#'; };
  if (!upstream.probe_path.starts_with('/') ||
      std::any_of(upstream.probe_path.begin(), upstream.probe_path.end(), is_odd)) {
    throw probe->error("path", "expected a path such as /v1/models");
  }
  read_time(*probe, "interval", upstream.probe_interval, 1s);
}

UpstreamConfig parse_upstream(YamlMap& section) {
  UpstreamConfig upstream;
  upstream.name = section.text("name").value_or("");
  check_plain_name(section, "name", upstream.name);
  if (upstream.name == "none") throw section.error("name", "none stands for no upstream; expected another name");
  const auto dialect = dialect_of(section.text("dialect").value_or("openai"));
  if (!dialect) throw section.error("dialect", "expected openai, anthropic or gemini");
  upstream.dialect = *dialect;
  parse_url(section, upstream);
  parse_key(section, upstream);
  parse_headers(section, upstream);
  parse_tls(section, upstream);
  upstream.ask_usage = section.boolean("ask_usage").value_or(upstream.ask_usage);
  const auto other_paths = section.text("other_paths").value_or("refuse");
  if (other_paths != "pass" && other_paths != "refuse") throw section.error("other_paths", "expected pass or refuse");
  upstream.other_paths = other_paths == "pass";
  parse_client_abort(section, upstream);
  read_time(section, "connect_timeout", upstream.connect_timeout);
  read_time(section, "header_timeout", upstream.header_timeout);
  read_time(section, "content_timeout", upstream.content_timeout);
  read_time(section, "idle_timeout", upstream.idle_timeout);
  upstream.idle_connections = read_count(section, "idle_connections", upstream.idle_connections, 0, 100'000);
  read_time(section, "idle_connection_time", upstream.idle_connection_time);
  parse_breaker(section, upstream.breaker);
  read_time(section, "cool_down", upstream.cool_down);
  read_ratio(section, "retry_ratio", upstream.retry_ratio);
  parse_probe(section, upstream);
  return upstream;
}

}  // namespace

UpstreamUrl parse_upstream_url(std::string_view text) {
  UpstreamUrl url;
  auto rest = text;
  if (rest.starts_with("https://")) {
    url.tls = true;
  } else if (!rest.starts_with("http://")) {
    throw std::runtime_error("expected a URL that begins with http:// or https://");
  }
  rest.remove_prefix(rest.find("://") + 3);
  if (std::any_of(rest.begin(), rest.end(), [](char byte) { return byte <= ' ' || byte > '~'; })) {
    throw std::runtime_error("expected a URL of ASCII characters, without blanks");
  }
  auto authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos) {
    throw std::runtime_error("expected a URL without a user or password; a key belongs into key_file or key_env");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) throw std::runtime_error("expected a URL without a query");
  url.host = take_host(authority);
  url.port = url.tls ? "443" : "80";
  if (!authority.empty()) {
    const auto port = authority.starts_with(':') ? to_u64(authority.substr(1)) : std::nullopt;
    if (!port || *port < 1 || *port > 65535) throw std::runtime_error("expected a port of 1 to 65535");
    url.port = std::to_string(*port);
  }
  url.path = parse_path(rest);
  return url;
}

bool is_loopback(std::string_view host) {
  const std::string text{host};
  if (same_header(host, "localhost")) return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::vector<UpstreamConfig> parse_upstreams(YamlMap& config) {
  std::vector<UpstreamConfig> upstreams;
  auto sections = config.maps("upstreams");
  if (!sections || sections->empty()) {
    throw config.error(sections ? "upstreams" : "", "expected upstreams, at least one");
  }
  if (sections->size() > kMostUpstreams) throw config.error("upstreams", "expected at most 1000");
  for (auto& section : *sections) {
    auto upstream = parse_upstream(section);
    const bool taken =
        std::any_of(upstreams.begin(), upstreams.end(), [&](const auto& other) { return other.name == upstream.name; });
    if (taken) throw section.error("name", "another upstream has this name");
    upstreams.push_back(std::move(upstream));
  }
  return upstreams;
}

}  // namespace binnacle::gateway
