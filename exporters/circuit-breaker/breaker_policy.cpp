// SPDX-License-Identifier: Apache-2.0
#include "breaker_policy.h"

#include <algorithm>
#include <string>

#include "core/strict_yaml.h"
#include "core/text.h"

namespace binnacle::breaker {

namespace {

constexpr long kMostBreakers = 1'000'000;
constexpr long kLongestWindow = 1'000'000;

Pattern compile(YamlMap& section, const std::string& key, const std::string& text) {
  auto pattern = std::make_shared<const re2::RE2>(text, re2::RE2::Quiet);
  if (!pattern->ok()) throw section.error(key, "expected a regular expression (RE2): " + pattern->error());
  return pattern;
}

Pattern parse_pattern(YamlMap& section, const std::string& key) {
  const auto text = section.text(key);
  return text ? compile(section, key, *text) : nullptr;
}

std::vector<Pattern> parse_patterns(YamlMap& section, const std::string& key) {
  std::vector<Pattern> patterns;
  if (const auto texts = section.texts(key)) {
    for (const auto& text : *texts) patterns.push_back(compile(section, key, text));
  }
  return patterns;
}

bool matches(const Pattern& pattern, std::string_view text) {
  return re2::RE2::FullMatch({text.data(), text.size()}, *pattern);
}

bool matches_any(const std::vector<Pattern>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(pattern, text); });
}

BreakerRule parse_rule(YamlMap& section) {
  BreakerRule rule;
  rule.breaker = parse_pattern(section, "breaker");
  rule.source = parse_pattern(section, "source");
  rule.instance = parse_pattern(section, "instance");
  rule.slow_call = section.duration("slow_call");
  rule.readiness = section.boolean("readiness").value_or(false);
  if (auto alerts = section.map("alerts")) {
    for (std::size_t at = 0; at < kAlertThresholds.size(); ++at) {
      rule.alerts[at] = alerts->number(kAlertThresholds[at]);
      if (rule.alerts[at] && !(*rule.alerts[at] >= 0)) throw alerts->error(kAlertThresholds[at], "expected 0 or more");
    }
  }
  return rule;
}

WindowSize parse_window(YamlMap& section) {
  WindowSize window;
  const auto time = section.duration("window");
  const auto calls = section.integer("window_calls");
  if (time && calls) throw section.error("window_calls", "expected either window or window_calls");
  if (time && time->count() <= 0) throw section.error("window", "expected more than 0");
  if (calls && (*calls < 1 || *calls > kLongestWindow)) {
    throw section.error("window_calls", "expected 1 to " + std::to_string(kLongestWindow));
  }
  if (time) window.time = *time;
  if (calls) window.calls = static_cast<std::uint32_t>(*calls);
  return window;
}

}  // namespace

BreakerPolicy BreakerPolicy::parse(YamlMap& config) {
  BreakerPolicy policy;
  auto section = config.map("breakers");
  if (!section) return policy;
  policy.include_ = parse_patterns(*section, "include");
  policy.exclude_ = parse_patterns(*section, "exclude");
  if (const auto most = section->integer("max")) {
    if (*most < 1 || *most > kMostBreakers) {
      throw section->error("max", "expected 1 to " + std::to_string(kMostBreakers));
    }
    policy.most_ = static_cast<std::size_t>(*most);
  }
  policy.ttl_ = section->duration("ttl").value_or(policy.ttl_);
  if (policy.ttl_.count() <= 0) throw section->error("ttl", "expected more than 0");
  policy.window_ = parse_window(*section);
  if (auto rules = section->maps("rules")) {
    for (auto& rule : *rules) policy.rules_.push_back(parse_rule(rule));
  }
  return policy;
}

bool BreakerPolicy::wants(std::string_view breaker) const {
  return (include_.empty() || matches_any(include_, breaker)) && !matches_any(exclude_, breaker);
}

const BreakerRule* BreakerPolicy::rule_of(std::string_view source, const BreakerIdView& id) const {
  const auto fits = [](const Pattern& pattern, std::string_view text) { return !pattern || matches(pattern, text); };
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const auto& rule) {
    return fits(rule.breaker, id.breaker) && fits(rule.source, source) && fits(rule.instance, id.instance);
  });
  return found == rules_.end() ? nullptr : &*found;
}

}  // namespace binnacle::breaker
