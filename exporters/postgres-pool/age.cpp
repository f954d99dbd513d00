// SPDX-License-Identifier: Apache-2.0
#include "age.h"

#include <array>
#include <string>

#include "collectors.h"
#include "sessions_seen.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// What of a session has an age, and the longest one's family.
struct Activity {
  const char* name;  ///< the label's value and the column
  const char* age;   ///< SQL of pg_stat_activity's columns: seconds, NULL when it does not apply
  std::string_view longest;
  std::string_view help;
};

constexpr std::array kActivities{
    Activity{"transaction", "now() - xact_start", "pg_age_longest_transaction_seconds",
             "How long the longest open transaction of a client has been open; 0 when none is."},
    Activity{"query", "CASE WHEN state IN ('active', 'fastpath function call') THEN now() - query_start END",
             "pg_age_longest_query_seconds",
             "How long the longest statement of a client has been running; 0 when none is."},
    Activity{"idle_in_transaction", "CASE WHEN state LIKE 'idle in transaction%' THEN now() - state_change END",
             "pg_age_longest_idle_in_transaction_seconds",
             "How long the longest idle session with an open transaction has been idle; 0 when there is none."},
};

/// Lower bounds of age, in seconds.
constexpr std::array kBounds{"0", "1", "10", "60", "300", "1800", "3600", "86400"};

std::string longest_column(const Activity& activity) { return std::string{activity.name} + "_longest"; }

std::string bound_column(const Activity& activity, const char* bound) {
  return std::string{activity.name} + "_" + bound;
}

/// A transaction that began after our statement has an age below 0 there.
std::string session_columns() {
  std::string sql;
  for (const auto& activity : kActivities) {
    const std::string name = activity.name;
    sql += ", max(" + name + ") AS " + longest_column(activity);
    for (const auto* const bound : kBounds) {
      sql += ", count(*) FILTER (WHERE " + name + " >= " + bound + ") AS " + bound_column(activity, bound);
    }
  }
  return sql;
}

std::string make_sql() {
  std::string ages;
  for (const auto& activity : kActivities) {
    const std::string age = activity.age;
    ages += ", CASE WHEN (" + age + ") IS NOT NULL THEN greatest(extract(epoch FROM " + age + "), 0) END AS " +
            activity.name;
  }
  return "SELECT d.datname, d.datallowconn, s.*, p.prepared, p.prepared_oldest, age(d.datfrozenxid) AS xid_age,"
         " mxid_age(d.datminmxid) AS mxid_age, current_setting('autovacuum_freeze_max_age') AS xid_freeze,"
         " current_setting('autovacuum_multixact_freeze_max_age') AS mxid_freeze,"
         " pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all"
         " FROM pg_database d"
         " LEFT JOIN (SELECT datid" +
         session_columns() + " FROM (SELECT datid" + ages +
         " FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) one GROUP BY "
         "datid) s"
         " ON s.datid = d.oid"
         " LEFT JOIN (SELECT database, count(*) AS prepared, greatest(extract(epoch FROM now() - min(prepared)), 0)"
         " AS prepared_oldest FROM pg_prepared_xacts GROUP BY database) p ON p.database = d.datname";
}

void add_sessions(const Row& row, std::string_view datname, Output& out) {
  auto sessions = out.families.gauge("pg_age_sessions",
                                     "Client sessions whose transaction, statement or idle time in a transaction is at "
                                     "least that many seconds old: a cumulative histogram, largest at 0.");
  for (const auto& activity : kActivities) {
    const auto longest = row.number(longest_column(activity)).value_or(0);
    out.families.gauge(activity.longest, activity.help).add({{"datname", datname}}, longest);
    for (const auto* const bound : kBounds) {
      sessions.add({{"datname", datname}, {"activity", activity.name}, {"at_least_seconds", bound}},
                   row.number(bound_column(activity, bound)).value_or(0));
    }
  }
  out.fact("idle_in_transaction_seconds", row.number("idle_in_transaction_longest").value_or(0), datname);
  out.families
      .gauge("pg_prepared_transactions",
             "Transactions prepared for two-phase commit and not yet ended "
             "(pg_prepared_xacts).")
      .add({{"datname", datname}}, row.number("prepared").value_or(0));
  out.families
      .gauge("pg_prepared_transactions_oldest_seconds",
             "How long ago the oldest of the prepared transactions was prepared; 0 when there is none.")
      .add({{"datname", datname}}, row.number("prepared_oldest").value_or(0));
}

/// What share of the way to a limit is left; below 0 past it.
double headroom(double age, double limit) { return 1 - age / limit; }

constexpr double kWraparound = 2'147'483'648;  // ids are compared as 32 bits with a sign

struct Ids {
  std::string_view age, freeze, metric, help, freeze_limit;
};

constexpr Ids kXids{
    "xid_age", "xid_freeze", "pg_xid_headroom_ratio",
    "Share of the way that a database's oldest transaction id still has to go: to where autovacuum must "
    "freeze (autovacuum_freeze_max_age; below 0: overdue), and to wraparound at 2^31, where writes end.",
    "autovacuum_freeze_max_age"};
constexpr Ids kMultixacts{"mxid_age", "mxid_freeze", "pg_multixact_headroom_ratio",
                          "As pg_xid_headroom_ratio, for multixact ids.", "autovacuum_multixact_freeze_max_age"};

void add_headroom(const Row& row, std::string_view datname, const Ids& ids, Output& out) {
  const auto age = row.number(ids.age);
  if (!age) return;
  auto family = out.families.gauge(ids.metric, ids.help);
  if (const auto freeze = row.number(ids.freeze); freeze && *freeze > 0) {
    family.add({{"datname", datname}, {"limit", ids.freeze_limit}}, headroom(*age, *freeze));
  }
  const auto left = headroom(*age, kWraparound);
  family.add({{"datname", datname}, {"limit", "wraparound"}}, left);
  out.fact("xid_headroom_ratio", left, datname);
}

}  // namespace

void add_age(const Rows& rows, Output& out) {
  require_sees_all(rows);
  for (const auto row : rows) {
    const auto datname = row.text("datname");
    if (!datname) continue;
    if (row.flag("datallowconn") == true) add_sessions(row, *datname, out);
    add_headroom(row, *datname, kXids, out);
    add_headroom(row, *datname, kMultixacts, out);
  }
}

std::unique_ptr<Collector> make_age(const CollectorParts& parts) {
  return std::make_unique<StatementCollector>(parts.session,
                                              Statement{[sql = make_sql()](int) { return sql; }, add_age});
}

}  // namespace binnacle::pgpool
