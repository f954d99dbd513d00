// SPDX-License-Identifier: Apache-2.0
#include "resilience4j.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/strict_yaml.h"
#include "http_client.h"
#include "resilience4j_history.h"
#include "resilience4j_replies.h"

namespace binnacle::breaker {

namespace {

class Resilience4jSource : public Source {
 public:
  explicit Resilience4jSource(const Resilience4jSettings& settings)
      : base_path_(settings.base_path), wants_events_(settings.events), client_(settings.http) {}

  Reading poll(const PollContext& context) override {
    const auto breakers = parse_resilience4j_breakers(client_.get(base_path_ + "/circuitbreakers", context));
    bool lost = false;
    const auto events = wants_events_ ? read_events(context, lost) : std::nullopt;
    auto reading = history_.update(breakers, events, Moment::now());
    if (lost) ++reading.gaps;
    return reading;
  }

 private:
  std::optional<std::vector<Resilience4jEvent>> read_events(const PollContext& context, bool& lost) {
    try {
      auto events = parse_resilience4j_events(client_.get(base_path_ + "/circuitbreakerevents", context));
      shows_events_ = true;
      return events;
    } catch (const SourceError& error) {
      lost = shows_events_ || error.failure() != Failure::refused;
      return std::nullopt;
    }
  }

  const std::string base_path_;
  const bool wants_events_;
  bool shows_events_ = false;  // whether it ever did
  HttpClient client_;
  Resilience4jHistory history_;
};

/// Of visible ASCII, so that it needs no escaping.
bool is_path(std::string_view path) {
  const auto odd = [](char byte) { return byte <= ' ' || byte > '~' || byte == '?' || byte == '#'; };
  return path.starts_with('/') && std::none_of(path.begin(), path.end(), odd);
}

}  // namespace

Resilience4jSettings resilience4j_from_address(const std::string& address) {
  Resilience4jSettings settings;
  settings.http.url = parse_url(address);
  return settings;
}

Resilience4jSettings parse_resilience4j(YamlMap& source, const CredentialModules& modules) {
  Resilience4jSettings settings;
  settings.http = parse_http_settings(source, modules);
  if (auto path = source.text("base_path")) {
    if (!is_path(*path)) throw source.error("base_path", "expected a path such as /actuator");
    while (path->ends_with('/')) path->pop_back();
    settings.base_path = std::move(*path);
  }
  settings.events = source.boolean("events").value_or(settings.events);
  return settings;
}

std::unique_ptr<Source> make_source(const Resilience4jSettings& settings) {
  return std::make_unique<Resilience4jSource>(settings);
}

}  // namespace binnacle::breaker
