// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scrape.h"

namespace binnacle {

class YamlMap;

/// A row of an exporter's table of health checks: a fact, and from where on it is bad.
///
/// A fact scores 100 up to `warn`, falls from 60 to 0 between `warn` and `critical`, and is 0 from there on. `warn`
/// above `critical` means that low values are the bad ones.
struct HealthRule {
  std::string fact;       ///< the name that the collector gives it
  std::string collector;  ///< which collector knows it; empty in up_rule() only
  double warn = 0;
  double critical = 0;
  double weight = 1;  ///< its share of the score, relative to the other checks that exist
};

enum class HealthStatus { healthy, degraded, unhealthy, unknown };

std::string_view status_name(HealthStatus status);
inline constexpr std::array kHealthStatuses{HealthStatus::healthy, HealthStatus::degraded, HealthStatus::unhealthy,
                                            HealthStatus::unknown};

/// One fact as judged by its rule. Of several components (mount points) the worst counts and is named.
struct HealthCheck {
  HealthRule rule;
  std::string target;
  std::string component;
  HealthStatus status = HealthStatus::unknown;
  std::optional<double> value;  ///< nothing when unknown
  std::optional<double> score;  ///< 0 to 100
  double lowers_by = 0;         ///< by how much this check lowers the weighted mean
  std::string message;          ///< why it is unknown
  std::chrono::system_clock::time_point time;
};

struct HealthReport {
  HealthStatus status = HealthStatus::unknown;
  std::optional<double> score;  ///< 0 to 100; nothing when no check has a value
  std::vector<HealthCheck> checks;
};

/// The rule that every exporter has: a target that cannot be read (`_up` 0) is unhealthy, whatever the others say. One
/// that can be read carries no weight by that alone.
HealthRule up_rule();

/// The score that a fact's value gets under a rule.
double score_of(const HealthRule& rule, double value);

/// Judges the facts of a scrape.
///
/// A rule whose collector ran and gave no such fact does not exist on this machine and carries no weight. A rule whose
/// collector failed or timed out is unknown: then the whole is never healthy. A warning caps the score at 89, a
/// critical check at 49.
HealthReport judge(const std::vector<HealthRule>& rules, const ScrapeResult& results);

/// Applies the config's `health:` section (fact: {warn, critical, weight}) to the table. Throws ConfigError for an
/// unknown fact, a negative weight or warn equal to critical. Weight 0 switches a check off.
std::vector<HealthRule> override_rules(std::vector<HealthRule> rules, YamlMap& section);

/// The report as application/health+json (draft-inadarei-api-health-check). `details` are further members, each a name
/// and a JSON text.
std::string to_health_json(const HealthReport& report, std::string_view service, std::string_view version,
                           const std::map<std::string, std::string>& details = {});

}  // namespace binnacle
