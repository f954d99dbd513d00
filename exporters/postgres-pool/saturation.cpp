// SPDX-License-Identifier: Apache-2.0
#include "saturation.h"

#include <algorithm>
#include <string>

#include "collectors.h"
#include "sessions_seen.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Since version 12 WAL senders take no slot of max_connections; the limits of databases and roles count them.
/// Superusers are not bound by their role's limit.
constexpr std::string_view kSql =
    "WITH sessions AS MATERIALIZED (SELECT datid, usesysid, backend_type = 'client backend' AS is_client"
    " FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender'))"
    " SELECT 'server' AS scope, NULL::name AS name, (SELECT count(*) FROM sessions WHERE is_client) AS used,"
    " current_setting('max_connections')::int AS most,"
    " current_setting('superuser_reserved_connections')::int AS superuser_reserved,"
    " current_setting('reserved_connections', true)::int AS reserved,"
    " pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all"
    " UNION ALL SELECT 'database', d.datname, coalesce(s.used, 0), d.datconnlimit, NULL, NULL, NULL FROM pg_database d"
    " LEFT JOIN (SELECT datid, count(*) AS used FROM sessions GROUP BY datid) s ON s.datid = d.oid WHERE d.datallowconn"
    " UNION ALL SELECT 'role', r.rolname, coalesce(s.used, 0), CASE WHEN r.rolsuper THEN -1 ELSE r.rolconnlimit END,"
    " NULL, NULL, NULL FROM pg_roles r"
    " LEFT JOIN (SELECT usesysid, count(*) AS used FROM sessions GROUP BY usesysid) s ON s.usesysid = r.oid"
    " WHERE s.used > 0 OR r.rolcanlogin AND r.rolconnlimit >= 0";

constexpr std::string_view kFact = "connections_used_ratio";

void add_server_slots(const Row& row, Output& out) {
  const auto used = row.number("used");
  const auto most = row.number("most");
  if (!used || !most) return;
  const auto superusers = row.number("superuser_reserved").value_or(0);
  const auto role = row.number("reserved");
  const auto ordinary = *most - superusers - role.value_or(0);
  auto& families = out.families;
  families.gauge("pg_connections_used", "Client sessions that take one of max_connections (pg_stat_activity).")
      .add(*used);
  families.gauge("pg_connections_limit", "max_connections.").add(*most);
  auto reserved = families.gauge("pg_connections_reserved",
                                 "Connections kept back for superusers (superuser_reserved_connections), and for "
                                 "members of pg_use_reserved_connections (reserved_connections, PostgreSQL 16 on).");
  reserved.add({{"reserved_for", "superuser"}}, superusers);
  if (role) reserved.add({{"reserved_for", "pg_use_reserved_connections"}}, *role);
  families
      .gauge("pg_connections_left",
             "Connections that an ordinary role can still open: the limit less used and reserved.")
      .add(std::max(0.0, ordinary - *used));
  if (ordinary > 0) out.fact(kFact, *used / ordinary);
}

struct LimitedFamilies {
  std::string_view used, used_help, limit, limit_help, left, left_help;
};

constexpr LimitedFamilies kDatabase{
    "pg_connections_database_used",  "Sessions in a database that count towards its limit.",
    "pg_connections_database_limit", "A database's CONNECTION LIMIT; absent when it has none.",
    "pg_connections_database_left",  "Sessions that a database's CONNECTION LIMIT still lets in; absent without one."};
constexpr LimitedFamilies kRole{
    "pg_connections_role_used",  "Sessions of a role, for roles that have any or have a limit.",
    "pg_connections_role_limit", "A role's CONNECTION LIMIT; absent when it has none, and for superusers.",
    "pg_connections_role_left",  "Sessions that a role's CONNECTION LIMIT still lets in; absent without one."};

void add_limited(const Row& row, const LimitedFamilies& names, std::string_view label, Output& out) {
  const auto used = row.number("used");
  const auto name = row.text("name");
  if (!used || !name) return;
  out.families.gauge(names.used, names.used_help).add({{label, *name}}, *used);
  const auto most = row.number("most");
  if (!most || *most < 0) return;
  out.families.gauge(names.limit, names.limit_help).add({{label, *name}}, *most);
  out.families.gauge(names.left, names.left_help).add({{label, *name}}, std::max(0.0, *most - *used));
  // A limit of 0 shuts people out on purpose.
  if (*most > 0) out.fact(kFact, *used / *most, std::string{label} + "=" + std::string{*name});
}

}  // namespace

void add_saturation(const Rows& rows, Output& out) {
  require_sees_all(rows);
  for (const auto row : rows) {
    const auto scope = row.text("scope");
    if (scope == "server") add_server_slots(row, out);
    if (scope == "database") add_limited(row, kDatabase, "datname", out);
    if (scope == "role") add_limited(row, kRole, "rolname", out);
  }
}

std::unique_ptr<Collector> make_saturation(const CollectorParts& parts) {
  return std::make_unique<StatementCollector>(parts.session,
                                              Statement{[](int) { return std::string{kSql}; }, add_saturation});
}

}  // namespace binnacle::pgpool
