// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/collector.h"
#include "own_options.h"
#include "session.h"
#include "slow_query_set.h"

namespace binnacle::pgpool {

/// Where the extension pg_stat_statements is, and which columns it has.
struct StatementsView {
  std::string schema;  ///< quoted where it has to be
  bool has_plan_time;  ///< from version 1.8 on total_exec_time, before total_time
};

/// From the row that tells of the extension: schema, version, sees_all. Throws NotApplicable when there is none,
/// std::runtime_error when statements of others are hidden.
StatementsView statements_view(const Rows& rows);

/// The statement that reads what is slow, or has one of the ids in `known` (with commas between, or empty).
std::string slow_queries_sql(const StatementsView& view, const OwnOptions& options, const std::string& known,
                             bool with_text);

/// Adds the chosen statements, and how many are slow.
void add_slow_queries(const Rows& rows, const std::vector<std::size_t>& chosen, Families& families);

/// The slow statements of one server, for its collector and for the page that shows their text. Safe to use from
/// several threads.
class SlowQueries {
 public:
  SlowQueries(std::shared_ptr<Session> session, const OwnOptions& options)
      : session_(std::move(session)), options_(options) {}

  void collect(Clock::time_point deadline, Families& families);

  /// The same statements with their text (column `query`), those that took the most time first. Throws as
  /// Session::query() does, and NotApplicable.
  Rows with_text(Clock::time_point deadline);

 private:
  StatementsView find_view(Clock::time_point deadline);
  Rows read(Clock::time_point deadline, const std::string& known, bool with_text);

  const std::shared_ptr<Session> session_;
  const OwnOptions& options_;
  std::mutex mutex_;  // guards all below, and is not held while the server is asked
  std::shared_ptr<const StatementsView> view_;
  SlowQuerySet set_;
};

}  // namespace binnacle::pgpool
