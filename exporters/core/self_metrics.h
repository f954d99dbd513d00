// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "families.h"
#include "health.h"
#include "page.h"
#include "scrape.h"

namespace binnacle {

/// How the config file was last read.
struct ReloadState {
  bool successful = true;
  std::chrono::system_clock::time_point last_success;
};

struct DroppedFrom {
  std::string target;
  std::string collector;
  std::string reason;
  bool operator<(const DroppedFrom& other) const {
    return std::tie(target, collector, reason) < std::tie(other.target, other.collector, other.reason);
  }
};

/// Series dropped since the start.
using DroppedTotals = std::map<DroppedFrom, double>;

/// `_up` of each target, and how each collector fared: success, duration, and one 0/1 series a state.
/// A target is up unless its deciding collectors failed or timed out.
void add_collector_metrics(Families& families, const std::string& ns, const ScrapeResult& results);

void add_dropped_metrics(Families& families, const std::string& ns, const DroppedTotals& dropped);
void add_build_info(Families& families, const std::string& ns);
void add_reload_metrics(Families& families, const std::string& ns, const ReloadState& reload);
void add_health_metrics(Families& families, const std::string& ns, const HealthReport& report);

}  // namespace binnacle
