// SPDX-License-Identifier: Apache-2.0
#include "prepared_statements.h"

namespace binnacle::pgpool {

namespace {

constexpr std::string_view kFeatureNotSupported = "0A000";  // "cached plan must not change result type"
constexpr std::string_view kNoSuchStatement = "26000";

std::string name_of(int number) { return "binnacle_" + std::to_string(number); }

/// One statement that can be prepared, as far as a glance tells.
bool can_prepare(std::string_view sql) {
  return (sql.starts_with("SELECT") || sql.starts_with("WITH")) && sql.find(';') == std::string_view::npos;
}

}  // namespace

std::string PreparedStatements::text_of(std::string_view sql) {
  if (!can_prepare(sql)) return std::string{sql};
  const auto found = statements_.find(sql);
  if (found == statements_.end()) {
    if (statements_.size() >= std::size_t{2} * kMost) forget_unprepared();
    statements_.emplace(sql, Statement{});
    return std::string{sql};
  }
  auto& statement = found->second;
  if (statement.number > 0) {
    statement.is_sure = true;
    return "EXECUTE " + name_of(statement.number);
  }
  if (last_number_ == kMost) return std::string{sql};
  statement = {++last_number_, false};
  return "PREPARE " + name_of(statement.number) + " AS " + std::string{sql} + ";EXECUTE " + name_of(statement.number);
}

bool PreparedStatements::failed(std::string_view sql, std::string_view sqlstate) {
  const auto found = statements_.find(sql);
  if (found == statements_.end() || found->second.number == 0) return false;
  const bool is_stale = found->second.is_sure && (sqlstate == kFeatureNotSupported || sqlstate == kNoSuchStatement);
  // Whether a PREPARE that failed with its EXECUTE is there or not cannot be told: the next gets another number.
  if (is_stale || !found->second.is_sure) found->second = {};
  return is_stale;
}

void PreparedStatements::forget_unprepared() {
  std::erase_if(statements_, [](const auto& entry) { return entry.second.number == 0; });
}

}  // namespace binnacle::pgpool
