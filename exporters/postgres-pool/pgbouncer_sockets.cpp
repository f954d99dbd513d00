// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_sockets.h"

#include <array>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "collectors.h"
#include "pgbouncer_show.h"

namespace binnacle::pgpool {

namespace {

constexpr std::array<std::string_view, 4> kColumns{"database", "user", "state", "application_name"};
constexpr std::size_t kWithoutApplication = 3;

/// Counts the rows of each combination of the columns' values.
void add_counts(const Rows& rows, std::span<const std::string_view> columns, Family family) {
  std::map<std::vector<std::string_view>, double> counts;
  for (const auto row : rows) {
    std::vector<std::string_view> key;
    for (const auto column : columns) key.push_back(row.text(column).value_or(""));
    ++counts[std::move(key)];
  }
  std::vector<LabelView> labels;
  for (const auto& [key, count] : counts) {
    labels.clear();
    for (std::size_t at = 0; at < columns.size(); ++at) labels.emplace_back(columns[at], key[at]);
    family.add(labels, count);
  }
}

}  // namespace

void add_pgbouncer_clients(const Rows& rows, bool by_application, Families& families) {
  if (rows.empty()) return;
  add_counts(rows, std::span{kColumns}.first(by_application ? kColumns.size() : kWithoutApplication),
             families.gauge("pgbouncer_client_connections", "Clients by database, user and state."));
}

void add_pgbouncer_servers(const Rows& rows, Families& families) {
  if (rows.empty()) return;
  add_counts(rows, std::span{kColumns}.first(kWithoutApplication),
             families.gauge("pgbouncer_server_connections", "Server connections by database, user and state."));
}

std::unique_ptr<Collector> make_pgbouncer_clients(const CollectorParts& parts) {
  return make_show_collector(
      parts.session, {.statement = "SHOW CLIENTS",
                      .add = [by_application = parts.options.clients_by_application](const Rows& rows, Output& out) {
                        add_pgbouncer_clients(rows, by_application, out.families);
                      }});
}

std::unique_ptr<Collector> make_pgbouncer_servers(const CollectorParts& parts) {
  return make_show_collector(parts.session, {.statement = "SHOW SERVERS", .add = [](const Rows& rows, Output& out) {
                                               add_pgbouncer_servers(rows, out.families);
                                             }});
}

}  // namespace binnacle::pgpool
