// SPDX-License-Identifier: Apache-2.0
#include "queries_page.h"

#include <nlohmann/json.hpp>

#include "strip_literals.h"

namespace binnacle::pgpool {

namespace {

nlohmann::json query_json(const Row& row) {
  const auto text = [&](std::string_view column) { return std::string{row.text(column).value_or("")}; };
  const auto calls = row.number("calls").value_or(0);
  const auto seconds = row.number("seconds").value_or(0);
  return {{"queryid", text("queryid")},
          {"datname", text("datname")},
          {"rolname", text("rolname")},
          {"calls", calls},
          {"seconds", seconds},
          {"mean_seconds", calls > 0 ? seconds / calls : 0},
          {"rows", row.number("rows").value_or(0)},
          {"query", strip_literals(row.text("query").value_or(""))}};
}

}  // namespace

std::string queries_json(const std::vector<TargetQueries>& targets) {
  auto all = nlohmann::json::array();
  for (const auto& target : targets) {
    nlohmann::json entry{{"target", target.target}};
    if (target.error.empty()) {
      entry["queries"] = nlohmann::json::array();
      for (const auto row : target.rows) entry["queries"].push_back(query_json(row));
    } else {
      entry["error"] = target.error;
    }
    all.push_back(std::move(entry));
  }
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace binnacle::pgpool
