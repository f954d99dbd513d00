// SPDX-License-Identifier: Apache-2.0
#include "slow_queries.h"

#include <array>

#include "collectors.h"
#include "core/text.h"

namespace binnacle::pgpool {

namespace {

constexpr std::string_view kFindSql =
    "SELECT quote_ident(n.nspname) AS schema, e.extversion AS version,"
    " pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all"
    " FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";

/// Of SQL errors: the extension is there, but the server was started without its library.
constexpr const char* kNotLoaded = "55000";

class SlowQueriesCollector final : public Collector {
 public:
  explicit SlowQueriesCollector(std::shared_ptr<SlowQueries> queries) : queries_(std::move(queries)) {}

  void collect(const ScrapeContext& scrape, Output& out) override { queries_->collect(scrape.deadline, out.families); }

 private:
  const std::shared_ptr<SlowQueries> queries_;
};

/// "1.10" is later than "1.8".
bool is_at_least_1_8(std::string_view version) {
  constexpr std::uint64_t kMinor = 8;
  const auto major = to_u64(take_until(version, '.'));
  const auto minor = to_u64(take_until(version, '.'));
  return major && (*major > 1 || (*major == 1 && minor.value_or(0) >= kMinor));
}

}  // namespace

StatementsView statements_view(const Rows& rows) {
  if (rows.empty()) throw NotApplicable("this database does not have the extension pg_stat_statements");
  const auto row = rows[0];
  if (row.flag("sees_all") != true) {
    throw std::runtime_error("this role may not see others' statements; expected GRANT pg_monitor TO it");
  }
  return {std::string{row.text("schema").value_or("public")}, is_at_least_1_8(row.text("version").value_or(""))};
}

std::string slow_queries_sql(const StatementsView& view, const OwnOptions& options, const std::string& known,
                             bool with_text) {
  const std::string time = view.has_plan_time ? "total_exec_time" : "total_time";
  const std::string slow = "milliseconds >= calls * " + std::to_string(options.slow_query_threshold.count());
  const std::string is_known = known.empty() ? "" : "s.queryid IN (" + known + ")";
  // Twice the limit: the same id may be known of several users and databases.
  const auto limit = std::to_string(2 * options.slow_query_limit);
  return std::string{
             "SELECT s.userid, s.dbid, s.queryid, d.datname, r.rolname, s.calls, s.milliseconds / 1000 AS seconds,"
             " s.rows, s.slow, s.slow_queries"} +
         (with_text ? ", s.query" : "") + " FROM (SELECT *, " + slow + " AS slow, count(*) FILTER (WHERE " + slow +
         ") OVER () AS slow_queries FROM (SELECT userid, dbid, queryid, sum(calls)::float8 AS calls, sum(" + time +
         ")::float8 AS milliseconds, sum(rows)::float8 AS rows" + (with_text ? ", min(query) AS query" : "") +
         " FROM " + view.schema + ".pg_stat_statements(" + (with_text ? "true" : "false") +
         ") WHERE queryid IS NOT NULL GROUP BY userid, dbid, queryid) one WHERE calls > 0) s"
         " LEFT JOIN pg_database d ON d.oid = s.dbid LEFT JOIN pg_roles r ON r.oid = s.userid WHERE s.slow" +
         (known.empty() ? "" : " OR " + is_known) + " ORDER BY " + (known.empty() ? "" : is_known + " DESC, ") +
         "s.milliseconds DESC LIMIT " + limit;
}

void add_slow_queries(const Rows& rows, const std::vector<std::size_t>& chosen, Families& families) {
  families.gauge("pg_slow_queries", "Statements of pg_stat_statements whose mean time is past the threshold.")
      .add(rows.empty() ? 0 : rows[0].number("slow_queries").value_or(0));
  struct Column {
    std::string_view column, metric, help;
  };
  constexpr std::array kColumns{
      Column{"calls", "pg_slow_query_calls_total", "How often a slow statement was run (pg_stat_statements)."},
      Column{"seconds", "pg_slow_query_seconds_total", "Time that a slow statement took in all."},
      Column{"rows", "pg_slow_query_rows_total", "Rows that a slow statement gave or touched in all."}};
  for (const auto position : chosen) {
    const auto row = rows[position];
    for (const auto& column : kColumns) {
      if (const auto value = row.number(column.column)) {
        families.counter(column.metric, column.help)
            .add({{"datname", row.text("datname").value_or("")},
                  {"rolname", row.text("rolname").value_or("")},
                  {"queryid", row.text("queryid").value_or("")}},
                 *value);
      }
    }
  }
}

void SlowQueries::collect(Clock::time_point deadline, Families& families) {
  std::string known;
  {
    const std::scoped_lock lock{mutex_};
    known = set_.ids();
  }
  const auto rows = read(deadline, known, false);
  const std::scoped_lock lock{mutex_};
  add_slow_queries(rows, set_.choose(rows, static_cast<std::size_t>(options_.slow_query_limit)), families);
}

Rows SlowQueries::with_text(Clock::time_point deadline) {
  std::string known;
  {
    const std::scoped_lock lock{mutex_};
    known = set_.ids();
  }
  return read(deadline, known, true);
}

StatementsView SlowQueries::find_view(Clock::time_point deadline) {
  {
    const std::scoped_lock lock{mutex_};
    if (view_) return *view_;
  }
  const auto view = std::make_shared<const StatementsView>(statements_view(session_->query(kFindSql, deadline)));
  const std::scoped_lock lock{mutex_};
  view_ = view;
  return *view;
}

Rows SlowQueries::read(Clock::time_point deadline, const std::string& known, bool with_text) {
  const auto view = find_view(deadline);
  try {
    return session_->query(slow_queries_sql(view, options_, known, with_text), deadline);
  } catch (const SqlError& error) {
    {
      const std::scoped_lock lock{mutex_};
      view_.reset();  // it may have been dropped, moved or updated
    }
    if (error.sqlstate() == kNotLoaded) throw NotApplicable("the server runs without pg_stat_statements' library");
    throw;
  }
}

std::unique_ptr<Collector> make_slow_queries(const CollectorParts& parts) {
  return std::make_unique<SlowQueriesCollector>(parts.slow_queries);
}

}  // namespace binnacle::pgpool
