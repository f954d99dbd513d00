// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "strict_yaml.h"
#include "time_text.h"

namespace binnacle {

namespace {

constexpr double kFullScore = 100;
constexpr double kScoreAtWarn = 60;
constexpr double kCapOnWarning = 89;
constexpr double kCapOnCritical = 49;

bool low_is_bad(const HealthRule& rule) { return rule.warn > rule.critical; }

bool reaches(const HealthRule& rule, double value, double limit) {
  return low_is_bad(rule) ? value <= limit : value >= limit;
}

HealthStatus status_of(const HealthRule& rule, double value) {
  if (reaches(rule, value, rule.critical)) return HealthStatus::unhealthy;
  if (reaches(rule, value, rule.warn)) return HealthStatus::degraded;
  return HealthStatus::healthy;
}

/// The worst of a rule's facts in one collector's output; nothing when there is none.
const Fact* worst_fact(const HealthRule& rule, const Output& output) {
  const Fact* worst = nullptr;
  for (const auto& fact : output.facts) {
    if (fact.name != rule.fact || std::isnan(fact.value)) continue;
    if (worst == nullptr || (low_is_bad(rule) ? fact.value < worst->value : fact.value > worst->value)) worst = &fact;
  }
  return worst;
}

HealthCheck judged(const HealthRule& rule, const CollectorResult& result, double value) {
  HealthCheck check;
  check.rule = rule;
  check.target = result.target;
  check.time = result.finished;
  check.value = value;
  check.score = score_of(rule, value);
  check.status = status_of(rule, value);
  return check;
}

/// A rule on one collector's result; nothing when the thing that it checks does not exist there.
std::optional<HealthCheck> check(const HealthRule& rule, const CollectorResult& result) {
  if (result.state == CollectorState::not_applicable) return std::nullopt;
  if (result.state != CollectorState::ok) {
    HealthCheck unknown;
    unknown.rule = rule;
    unknown.target = result.target;
    unknown.message = "collector " + result.collector + ": " + result.message;
    unknown.time = result.finished;
    return unknown;
  }
  const Fact* fact = worst_fact(rule, *result.output);
  if (fact == nullptr) return std::nullopt;
  auto known = judged(rule, result, fact->value);
  known.component = fact->component;
  return known;
}

bool any_has(const std::vector<HealthCheck>& checks, HealthStatus status) {
  return std::any_of(checks.begin(), checks.end(), [&](const auto& one) { return one.status == status; });
}

HealthStatus overall_status(const std::vector<HealthCheck>& checks) {
  if (any_has(checks, HealthStatus::unhealthy)) return HealthStatus::unhealthy;
  if (any_has(checks, HealthStatus::degraded)) return HealthStatus::degraded;
  if (checks.empty() || any_has(checks, HealthStatus::unknown)) return HealthStatus::unknown;
  return HealthStatus::healthy;
}

/// That a target answers says nothing good of it yet; that it does not, all.
bool has_weight(const HealthCheck& check) {
  return check.score && !(check.rule.collector.empty() && check.status == HealthStatus::healthy);
}

/// The word that the draft has for a status.
std::string_view draft_status(HealthStatus status) {
  switch (status) {
    case HealthStatus::healthy:
      return "pass";
    case HealthStatus::degraded:
      return "warn";
    default:
      return "fail";
  }
}

nlohmann::json check_json(const HealthCheck& check) {
  nlohmann::json entry{{"componentId", check.component},
                       {"componentType", "system"},
                       {"status", draft_status(check.status)},
                       {"healthStatus", status_name(check.status)},
                       {"warn", check.rule.warn},
                       {"critical", check.rule.critical},
                       {"weight", check.rule.weight},
                       {"time", rfc3339(check.time)}};
  if (!check.rule.collector.empty()) entry["collector"] = check.rule.collector;
  if (!check.target.empty()) entry["target"] = check.target;
  if (check.component.empty()) entry.erase("componentId");
  if (check.value) entry["observedValue"] = *check.value;
  if (check.score) {
    entry["score"] = std::round(*check.score * 10) / 10;
    entry["lowersScoreBy"] = std::round(check.lowers_by * 10) / 10;
  }
  if (!check.message.empty()) entry["output"] = check.message;
  return entry;
}

}  // namespace

std::string_view status_name(HealthStatus status) {
  switch (status) {
    case HealthStatus::healthy:
      return "healthy";
    case HealthStatus::degraded:
      return "degraded";
    case HealthStatus::unhealthy:
      return "unhealthy";
    case HealthStatus::unknown:
      break;
  }
  return "unknown";
}

HealthRule up_rule() { return {"up", "", 0.5, 0, 3}; }

double score_of(const HealthRule& rule, double value) {
  switch (status_of(rule, value)) {
    case HealthStatus::healthy:
      return kFullScore;
    case HealthStatus::degraded:
      return kScoreAtWarn * (rule.critical - value) / (rule.critical - rule.warn);
    default:
      return 0;
  }
}

HealthReport judge(const std::vector<HealthRule>& rules, const ScrapeResult& results) {
  HealthReport report;
  for (const auto& rule : rules) {
    if (rule.weight <= 0) continue;
    if (rule.collector.empty()) {
      for (const auto& target : by_target(results)) {
        report.checks.push_back(judged(rule, target.front(), is_up(target) ? 1 : 0));
      }
    }
    for (const auto& result : results) {
      if (result.collector != rule.collector) continue;
      if (auto made = check(rule, result)) report.checks.push_back(*std::move(made));
    }
  }
  report.status = overall_status(report.checks);

  double weights = 0;
  for (const auto& check : report.checks) weights += has_weight(check) ? check.rule.weight : 0;
  if (weights <= 0) return report;
  double score = kFullScore;
  for (auto& check : report.checks) {
    if (!has_weight(check)) continue;
    check.lowers_by = (kFullScore - *check.score) * check.rule.weight / weights;
    score -= check.lowers_by;
  }
  if (any_has(report.checks, HealthStatus::unhealthy)) score = std::min(score, kCapOnCritical);
  if (any_has(report.checks, HealthStatus::degraded)) score = std::min(score, kCapOnWarning);
  report.score = std::max(0.0, score);
  return report;
}

std::vector<HealthRule> override_rules(std::vector<HealthRule> rules, YamlMap& section) {
  for (auto& rule : rules) {
    auto given = section.map(rule.fact);
    if (!given) continue;
    rule.warn = given->number("warn").value_or(rule.warn);
    rule.critical = given->number("critical").value_or(rule.critical);
    rule.weight = given->number("weight").value_or(rule.weight);
    if (rule.weight < 0) throw given->error("weight", "expected 0 (off) or more");
    if (rule.warn == rule.critical) throw given->error("", "warn and critical must differ");
  }
  return rules;
}

std::string to_health_json(const HealthReport& report, std::string_view service, std::string_view version,
                           const std::map<std::string, std::string>& details) {
  nlohmann::json checks = nlohmann::json::object();
  for (const auto& check : report.checks) checks[check.rule.fact].push_back(check_json(check));
  nlohmann::json document{{"status", draft_status(report.status)},
                          {"healthStatus", status_name(report.status)},
                          {"version", "1"},
                          {"releaseId", version},
                          {"serviceId", service},
                          {"checks", checks}};
  if (report.score) document["score"] = std::round(*report.score * 10) / 10;
  for (const auto& [name, text] : details) document[name] = nlohmann::json::parse(text);
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace binnacle
