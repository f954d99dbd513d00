// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <algorithm>
#include <array>
#include <optional>

#include "collectors.h"
#include "core/text.h"
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

/// Limits, memory, WAL, checkpoints, vacuum, planner costs and timeouts: what dashboards compare other numbers with.
constexpr std::string_view kSettingsThatMatter =
    "archive_timeout autovacuum autovacuum_analyze_scale_factor autovacuum_analyze_threshold"
    " autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age autovacuum_naptime"
    " autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_scale_factor"
    " autovacuum_vacuum_insert_threshold autovacuum_vacuum_max_threshold autovacuum_vacuum_scale_factor"
    " autovacuum_vacuum_threshold autovacuum_work_mem autovacuum_worker_slots block_size"
    " checkpoint_completion_target checkpoint_timeout data_checksums deadlock_timeout default_statistics_target"
    " effective_cache_size effective_io_concurrency fsync full_page_writes hash_mem_multiplier hot_standby"
    " hot_standby_feedback idle_session_timeout log_min_duration_statement logical_decoding_work_mem"
    " maintenance_work_mem max_connections max_locks_per_transaction max_logical_replication_workers"
    " max_parallel_maintenance_workers max_parallel_workers max_pred_locks_per_transaction"
    " max_prepared_transactions max_replication_slots max_slot_wal_keep_size max_standby_archive_delay"
    " max_standby_streaming_delay max_wal_senders max_wal_size max_worker_processes min_wal_size"
    " pg_stat_statements.max random_page_cost reserved_connections seq_page_cost server_version_num"
    " shared_buffers superuser_reserved_connections temp_buffers temp_file_limit track_activities track_counts"
    " track_io_timing track_wal_io_timing transaction_timeout vacuum_cost_delay vacuum_cost_limit"
    " vacuum_freeze_table_age wal_buffers wal_keep_segments wal_keep_size wal_segment_size wal_writer_delay"
    " work_mem";

struct Unit {
  std::string_view name;
  std::string_view suffix;
  double factor;
};

constexpr double kKib = 1024;
constexpr double kMib = 1024 * kKib;
constexpr std::array kUnits{
    Unit{"ms", "_seconds", 1e-3},     Unit{"s", "_seconds", 1},      Unit{"min", "_seconds", 60},
    Unit{"h", "_seconds", 3600},      Unit{"d", "_seconds", 86'400}, Unit{"B", "_bytes", 1},
    Unit{"kB", "_bytes", kKib},       Unit{"MB", "_bytes", kMib},    Unit{"GB", "_bytes", kKib* kMib},
    Unit{"TB", "_bytes", kMib* kMib},
};

/// Of "8kB" the number: the server counts some sizes in blocks.
double take_count(std::string_view& unit) {
  const auto digits = unit.substr(0, std::min(unit.find_first_not_of("0123456789"), unit.size()));
  unit.remove_prefix(digits.size());
  return to_double(digits).value_or(1);
}

const Unit* find_unit(std::string_view name) {
  const auto* const found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& unit) { return unit.name == name; });
  return found == kUnits.end() ? nullptr : found;
}

std::string metric_name(std::string_view setting) {
  std::string name = "pg_settings_";
  for (const char letter : setting) {
    const bool plain =
        (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
    name += plain ? letter : '_';
  }
  return name;
}

struct Value {
  double value;
  std::string_view suffix;  ///< of the metric's name
};

std::optional<Value> value_of(std::string_view setting, std::string_view unit, std::string_view vartype) {
  if (vartype == "bool") return Value{setting == "on" ? 1.0 : 0.0, ""};
  const auto number = to_double(setting);
  if (!number) return std::nullopt;
  if (unit.empty()) return Value{*number, ""};
  const double count = take_count(unit);
  const auto* const known = find_unit(unit);
  if (known == nullptr) return std::nullopt;
  return Value{*number == -1 ? -1 : *number * count * known->factor, known->suffix};
}

}  // namespace

std::string settings_sql(bool all) {
  // What our own session set for itself hides the server's value.
  std::string sql =
      "SELECT name, setting, coalesce(unit, '') AS unit, vartype FROM pg_settings"
      " WHERE vartype IN ('bool', 'integer', 'real') AND source NOT IN ('client', 'session')"
      " AND name <> 'transaction_read_only'";
  if (!all) sql += " AND name = ANY(string_to_array('" + std::string{kSettingsThatMatter} + "', ' '))";
  return sql;
}

void add_settings(const Rows& rows, Families& families) {
  for (const auto row : rows) {
    const auto name = row.text("name");
    const auto setting = row.text("setting");
    if (!name || !setting) continue;
    const auto value = value_of(*setting, row.text("unit").value_or(""), row.text("vartype").value_or(""));
    if (!value) continue;
    const auto metric = metric_name(*name) + std::string{value->suffix};
    families.gauge(metric, "The server's setting " + std::string{*name} + ".").add(value->value);
  }
}

std::unique_ptr<Collector> make_settings(const CollectorParts& parts) {
  const auto& options = parts.options.drop_in;
  return std::make_unique<StatementCollector>(
      parts.session, Statement{[&options](int) { return settings_sql(options.all_settings); },
                               [](const Rows& rows, Output& out) { add_settings(rows, out.families); }, options.keep});
}

}  // namespace binnacle::pgpool
