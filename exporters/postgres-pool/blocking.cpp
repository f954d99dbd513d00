// SPDX-License-Identifier: Apache-2.0
#include "blocking.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "collectors.h"
#include "core/text.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr int kHasWaitStart = 140'000;

/// pg_blocking_pids() stops all who take locks for a moment: it is asked for those who wait, the longest first, and for
/// so many at most. Our own session is left out, which holds locks on what it reads here.
constexpr const char* kExamined = "200";

/// All modes, since a mode that nobody holds is known to be held 0 times.
constexpr std::array kModes{"AccessShareLock", "RowShareLock",          "RowExclusiveLock", "ShareUpdateExclusiveLock",
                            "ShareLock",       "ShareRowExclusiveLock", "ExclusiveLock",    "AccessExclusiveLock",
                            "SIReadLock"};

struct LockSession {
  std::string datname;
  bool waits = false;
  std::vector<int> blockers;
};

std::vector<int> parse_pids(std::string_view text) {
  std::vector<int> pids;
  while (!text.empty()) {
    if (const auto pid = to_i64(take_until(text, ','))) pids.push_back(static_cast<int>(*pid));
  }
  return pids;
}

/// Who waits for whom.
class WaitGraph {
 public:
  void add(int pid, LockSession session) { sessions_[pid] = std::move(session); }

  [[nodiscard]] const std::map<int, LockSession>& sessions() const { return sessions_; }

  /// How many sessions wait one behind another, from this one on: 0 for one that does not wait.
  int depth(int pid) {
    if (const auto known = depths_.find(pid); known != depths_.end()) return known->second;
    const auto session = sessions_.find(pid);
    if (session == sessions_.end() || !session->second.waits) return 0;
    depths_[pid] = 0;  // of a circle, a deadlock that the server has not seen yet, each is counted once
    int deepest = 0;
    for (const auto blocker : session->second.blockers) deepest = std::max(deepest, depth(blocker));
    return depths_[pid] = deepest + 1;
  }

  /// The number of sessions, by database, that others wait for and that wait for no lock themselves. A prepared
  /// transaction has the process id 0: it counts in the database of who waits for it.
  [[nodiscard]] std::map<std::string, int> roots() const {
    std::set<std::pair<std::string, int>> found;
    for (const auto& [pid, session] : sessions_) {
      for (const auto blocker : session.blockers) {
        const auto other = sessions_.find(blocker);
        if (other == sessions_.end() || blocker == 0) {
          found.emplace(session.datname, blocker);
        } else if (!other->second.waits) {
          found.emplace(other->second.datname, blocker);
        }
      }
    }
    std::map<std::string, int> counts;
    for (const auto& [datname, pid] : found) ++counts[datname];
    return counts;
  }

 private:
  std::map<int, LockSession> sessions_;
  std::map<int, int> depths_;
};

/// What is told of one database.
struct DatabaseLocks {
  int blocked = 0;
  int roots = 0;
  int depth = 0;
  std::optional<double> longest_wait;                                   ///< nothing when it is hidden
  std::map<std::string, std::pair<double, double>, std::less<>> modes;  // granted, waiting
};

using Databases = std::map<std::string, DatabaseLocks>;

void read_session(const Row& row, Databases& databases, WaitGraph& graph) {
  const auto pid = row.number("pid");
  if (!pid) return;
  LockSession session{std::string{row.text("datname").value_or("")}, row.flag("waits") == true,
                      parse_pids(row.text("blockers").value_or(""))};
  if (session.waits) {
    auto& database = databases[session.datname];
    ++database.blocked;
    if (const auto waited = row.number("waited")) {
      database.longest_wait = std::max(database.longest_wait.value_or(0), *waited);
    }
  }
  graph.add(static_cast<int>(*pid), std::move(session));
}

Databases read(const Rows& rows) {
  Databases databases;
  WaitGraph graph;
  for (const auto row : rows) {
    const auto kind = row.text("kind");
    const std::string datname{row.text("datname").value_or("")};
    if (kind == "database") databases[datname];
    if (kind == "session") read_session(row, databases, graph);
    if (kind == "locks") {
      databases[datname].modes[std::string{row.text("mode").value_or("")}] = {row.number("granted").value_or(0),
                                                                              row.number("waiting").value_or(0)};
    }
  }
  for (const auto& [pid, session] : graph.sessions()) {
    if (!session.waits) continue;
    auto& deepest = databases[session.datname].depth;
    deepest = std::max(deepest, graph.depth(pid));
  }
  for (const auto& [datname, count] : graph.roots()) databases[datname].roots = count;
  return databases;
}

void add_modes(const std::string& datname, const DatabaseLocks& database, Families& families) {
  auto granted =
      families.gauge("pg_locks_granted", "Locks that are held, by the database of who holds them (pg_locks).");
  auto waiting = families.gauge("pg_locks_waiting", "Locks that sessions wait for, by their database (pg_locks).");
  auto modes = database.modes;
  for (const auto* const mode : kModes) modes.try_emplace(mode, 0, 0);
  for (const auto& [mode, counts] : modes) {
    granted.add({{"datname", datname}, {"mode", mode}}, counts.first);
    waiting.add({{"datname", datname}, {"mode", mode}}, counts.second);
  }
}

}  // namespace

std::string blocking_sql(int version) {
  // Before 14 nobody notes when a wait began; the statement that waits began before.
  const bool has_start = version >= kHasWaitStart;
  const std::string start = has_start ? "l.waitstart" : "a.query_start";
  const std::string source = has_start ? "" : " LEFT JOIN sessions a USING (pid)";
  return "WITH locks AS MATERIALIZED (SELECT * FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid()),"
         " sessions AS MATERIALIZED (SELECT pid, datid, datname, query_start FROM pg_stat_activity),"
         " waiters AS MATERIALIZED (SELECT l.pid, min(" +
         start + ") AS began FROM locks l" + source +
         " WHERE NOT l.granted GROUP BY l.pid),"
         " edges AS MATERIALIZED (SELECT pid, began, CASE WHEN row_number() OVER (ORDER BY began) <= " +
         kExamined +
         " THEN pg_blocking_pids(pid) END AS blockers FROM waiters)"
         " SELECT 'database' AS kind, datname, NULL AS mode, NULL::bigint AS granted, NULL::bigint AS waiting,"
         " NULL::int AS pid, NULL::boolean AS waits, NULL::float8 AS waited, NULL AS blockers"
         " FROM pg_database WHERE datallowconn"
         " UNION ALL SELECT 'locks', d.datname, l.mode, count(*) FILTER (WHERE l.granted),"
         " count(*) FILTER (WHERE NOT l.granted), NULL, NULL, NULL, NULL FROM locks l LEFT JOIN sessions s USING (pid)"
         " LEFT JOIN pg_database d ON d.oid = coalesce(nullif(s.datid, 0), l.database) GROUP BY d.datname, l.mode"
         " UNION ALL SELECT 'session', s.datname, NULL, NULL, NULL, i.pid, e.pid IS NOT NULL,"
         " greatest(extract(epoch FROM clock_timestamp() - e.began), 0), array_to_string(e.blockers, ',')"
         " FROM (SELECT pid FROM edges UNION SELECT unnest(blockers) FROM edges) i"
         " LEFT JOIN edges e USING (pid) LEFT JOIN sessions s USING (pid)";
}

void add_blocking(const Rows& rows, Output& out) {
  auto& families = out.families;
  for (const auto& [datname, database] : read(rows)) {
    add_modes(datname, database, families);
    families.gauge("pg_blocked_sessions", "Sessions that wait for a lock (pg_locks).")
        .add({{"datname", datname}}, database.blocked);
    families
        .gauge("pg_blocking_roots",
               "Sessions and prepared transactions that others wait for and that wait for no lock themselves "
               "(pg_blocking_pids).")
        .add({{"datname", datname}}, database.roots);
    families
        .gauge("pg_blocking_chain_depth",
               "How many sessions wait one behind another, in the longest such chain; 0 when nobody waits.")
        .add({{"datname", datname}}, database.depth);
    // Who waits may do so for an unknown time: that is no 0.
    if (database.blocked > 0 && !database.longest_wait) continue;
    const auto longest = database.longest_wait.value_or(0);
    families
        .gauge("pg_blocking_longest_wait_seconds",
               "How long the longest wait for a lock has lasted; 0 when nobody waits. Before PostgreSQL 14: since the "
               "waiting statement began.")
        .add({{"datname", datname}}, longest);
    out.fact("blocked_seconds", longest, datname);
  }
}

std::unique_ptr<Collector> make_blocking(const CollectorParts& parts) {
  return std::make_unique<StatementCollector>(parts.session, Statement{blocking_sql, add_blocking});
}

}  // namespace binnacle::pgpool
