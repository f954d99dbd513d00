// SPDX-License-Identifier: Apache-2.0
#include "database_size.h"

#include <array>

#include "collectors.h"
#include "column_metrics.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// One database whose size we may not know must not hide the others'. A negative limit is none.
constexpr std::string_view kDatabaseSql =
    "SELECT datname, CASE WHEN datconnlimit >= 0 THEN datconnlimit END AS connection_limit,"
    " CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')"
    " THEN pg_database_size(oid) END AS size FROM pg_database";

constexpr std::string_view kRolesSql =
    "SELECT rolname, CASE WHEN rolconnlimit >= 0 THEN rolconnlimit END AS connection_limit FROM pg_roles";

constexpr std::string_view kWraparoundSql =
    "SELECT datname, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS mxid_age FROM pg_database"
    " WHERE datallowconn";

constexpr std::array kDatabase{ColumnLabel{"datname", "datname"}};
constexpr std::array kRole{ColumnLabel{"rolname", "rolname"}};

constexpr std::array kDatabaseMetrics{
    ColumnMetric{"size", "pg_database_size_bytes", kGauge,
                 "Size on disk (pg_database_size()); absent where we may not know it."},
    ColumnMetric{"connection_limit", "pg_database_connection_limit", kGauge,
                 "The database's own limit of connections (datconnlimit); absent when it has none."},
};

constexpr std::array kRoleMetrics{
    ColumnMetric{"connection_limit", "pg_roles_connection_limit", kGauge,
                 "The role's own limit of connections (rolconnlimit); absent when it has none."},
};

constexpr std::array kWraparoundMetrics{
    ColumnMetric{"xid_age", "pg_database_wraparound_age_datfrozenxid_seconds", kGauge,
                 "As pg_database_wraparound_age_datfrozenxid_transactions: transactions, whatever this name says."},
    ColumnMetric{"mxid_age", "pg_database_wraparound_age_datminmxid_seconds", kGauge,
                 "As pg_database_wraparound_age_datminmxid_multixacts: multixacts, whatever this name says."},
    ColumnMetric{"xid_age", "pg_database_wraparound_age_datfrozenxid_transactions", kGauge,
                 "Transactions since the oldest one that is not frozen yet in this database."},
    ColumnMetric{"mxid_age", "pg_database_wraparound_age_datminmxid_multixacts", kGauge,
                 "Multixacts since the oldest one that this database may still hold."},
};

}  // namespace

void add_database_size(const Rows& rows, Families& families) {
  add_columns(rows, kDatabase, kDatabaseMetrics, families);
}

void add_roles(const Rows& rows, Families& families) { add_columns(rows, kRole, kRoleMetrics, families); }

void add_database_wraparound(const Rows& rows, Families& families) {
  add_columns(rows, kDatabase, kWraparoundMetrics, families);
}

std::unique_ptr<Collector> make_database_size(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kDatabaseSql, add_database_size, parts.options.drop_in.keep);
}

std::unique_ptr<Collector> make_roles(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kRolesSql, add_roles, parts.options.drop_in.keep);
}

std::unique_ptr<Collector> make_database_wraparound(const CollectorParts& parts) {
  return make_statement_collector(parts.session, kWraparoundSql, add_database_wraparound);
}

}  // namespace binnacle::pgpool
