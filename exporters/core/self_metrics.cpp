// SPDX-License-Identifier: Apache-2.0
#include "self_metrics.h"

#include <vector>

#include "version.h"

namespace binnacle {

namespace {

/// The label `target` in front of the others, for exporters whose targets have names.
std::vector<LabelView> with_target(const std::string& target, std::initializer_list<LabelView> labels) {
  std::vector<LabelView> all;
  if (!target.empty()) all.emplace_back("target", target);
  all.insert(all.end(), labels);
  return all;
}

void add_up(Families& families, const std::string& ns, const ScrapeResult& results) {
  const auto up = [&](const std::string& of_target) {
    return families.gauge((of_target.empty() ? ns : of_target) + "_up", "1 when this scrape could read its target.");
  };
  if (results.empty()) up({}).add(0);
  for (const auto& target : by_target(results)) {
    up(target.front().metric_namespace).add(with_target(target.front().target, {}), is_up(target) ? 1 : 0);
  }
}

double unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

void add_collector_metrics(Families& families, const std::string& ns, const ScrapeResult& results) {
  add_up(families, ns, results);
  auto duration = families.gauge(ns + "_scrape_collector_duration_seconds",
                                 "How long the collector ran in this scrape, in seconds.");
  auto success = families.gauge(ns + "_scrape_collector_success",
                                "0 when the collector failed or timed out in this scrape, else 1.");
  auto state = families.gauge(ns + "_scrape_collector_state",
                              "1 for the state that the collector ended this scrape in; not_applicable means that this "
                              "machine has nothing of the kind.");
  for (const auto& result : results) {
    const auto labels = with_target(result.target, {{"collector", result.collector}});
    duration.add(labels, result.duration.count());
    success.add(labels, has_failed(result) ? 0 : 1);
    for (const auto one : kCollectorStates) {
      state.add(with_target(result.target, {{"collector", result.collector}, {"state", state_name(one)}}),
                result.state == one ? 1 : 0);
    }
  }
}

void add_dropped_metrics(Families& families, const std::string& ns, const DroppedTotals& dropped) {
  auto total = families.counter(ns + "_scrape_series_dropped_total",
                                "Series left out of scrapes since the start: duplicate, malformed, or over the cap.");
  for (const auto& [from, count] : dropped) {
    total.add(with_target(from.target, {{"collector", from.collector}, {"reason", from.reason}}), count);
  }
}

void add_build_info(Families& families, const std::string& ns) {
  families.gauge(ns + "_exporter_build_info", "Always 1; the labels say what was built.")
      .add({{"compiler", compiler()}, {"revision", revision()}, {"version", version()}}, 1);
}

void add_reload_metrics(Families& families, const std::string& ns, const ReloadState& reload) {
  families.gauge(ns + "_config_last_reload_successful", "1 when the config file was last read without an error.")
      .add(reload.successful ? 1 : 0);
  families
      .gauge(ns + "_config_last_reload_success_timestamp_seconds",
             "When the config file was last read without an error, in seconds since the Unix epoch.")
      .add(unix_seconds(reload.last_success));
}

void add_health_metrics(Families& families, const std::string& ns, const HealthReport& report) {
  if (report.score) {
    families.gauge(ns + "_health_score", "Health from 0 (bad) to 100, from this scrape's facts; absent when unknown.")
        .add(*report.score);
  }
  auto status = families.gauge(ns + "_health_status", "1 for the present health status.");
  for (const auto one : kHealthStatuses) status.add({{"status", status_name(one)}}, report.status == one ? 1 : 0);
  auto score = families.gauge(ns + "_health_check_score",
                              "Score of one health check from 0 to 100; the worst component counts.");
  for (const auto& check : report.checks) {
    if (check.score) score.add(with_target(check.target, {{"check", check.rule.fact}}), *check.score);
  }
}

}  // namespace binnacle
