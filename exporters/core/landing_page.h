// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter.h"
#include "scrape.h"

namespace binnacle {

/// The HTML of `/`: name, version, links, and the state of each target's collectors in the newest scrape (null: none
/// yet).
std::string landing_page(const ExporterInfo& info, const std::string& telemetry_path,
                         const std::vector<std::shared_ptr<Target>>& targets, const ScrapeResult* newest);

}  // namespace binnacle
