// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "core/strict_yaml.h"
#include "core/text.h"
#include "custom_query.h"

namespace binnacle::pgpool {

namespace {

/// Letters, digits and underscores, no digit first: what names of labels, and of metrics without colons, are made of.
bool is_name(std::string_view text) {
  const auto fits = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
  };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::all_of(text.begin(), text.end(), fits);
}

std::string required_name(YamlMap& map, const std::string& key) {
  auto name = map.text(key).value_or("");
  if (!is_name(name)) throw map.error(key, "expected letters, digits and underscores, no digit first");
  return name;
}

/// The first word in upper case.
std::string first_word(std::string_view sql) {
  std::string word;
  for (const char byte : trim(sql)) {
    if (byte >= 'a' && byte <= 'z') {
      word += static_cast<char>(byte - 'a' + 'A');
    } else if (byte >= 'A' && byte <= 'Z') {
      word += byte;
    } else {
      break;
    }
  }
  return word;
}

std::string parse_sql(YamlMap& map, Kind kind) {
  auto sql = std::string{trim(map.text("sql").value_or(""))};
  while (sql.ends_with(';')) sql = std::string{trim(std::string_view{sql}.substr(0, sql.size() - 1))};
  const auto word = first_word(sql);
  // PgBouncer's console has commands that stop it, and no mode for reading only.
  if (kind == Kind::pgbouncer && word != "SHOW") throw map.error("sql", "expected a SHOW of PgBouncer's console");
  if (kind == Kind::postgres && word != "SELECT" && word != "WITH" && word != "VALUES" && word != "TABLE" &&
      word != "SHOW") {
    throw map.error("sql", "expected one statement that reads: SELECT, WITH, VALUES, TABLE or SHOW");
  }
  return sql;
}

Kind parse_query_kind(YamlMap& map) {
  const auto kind = map.text("kind").value_or("postgres");
  if (kind == "postgres") return Kind::postgres;
  if (kind == "pgbouncer") return Kind::pgbouncer;
  throw map.error("kind", "expected postgres or pgbouncer");
}

prometheus::MetricType parse_type(YamlMap& map) {
  const auto type = map.text("type").value_or("gauge");
  if (type == "gauge") return prometheus::MetricType::Gauge;
  if (type == "counter") return prometheus::MetricType::Counter;
  if (type == "untyped") return prometheus::MetricType::Untyped;
  throw map.error("type", "expected gauge, counter or untyped");
}

CustomMetric parse_metric(YamlMap& map, const std::string& query) {
  CustomMetric metric;
  metric.column = map.text("column").value_or("");
  if (metric.column.empty()) throw map.error("column", "expected the name of a column of the result");
  metric.name = query + "_" + metric.column;
  if (map.text("name")) {
    metric.name = required_name(map, "name");
  } else if (!is_name(metric.name)) {
    throw map.error("name", "expected a metric's name, since the column's is none");
  }
  metric.type = parse_type(map);
  metric.help = map.text("help").value_or("Column " + metric.column + " of the configured query " + query + ".");
  metric.scale = map.number("scale").value_or(1);
  return metric;
}

std::vector<CustomMetric> parse_metrics(YamlMap& map, const std::string& query) {
  std::vector<CustomMetric> metrics;
  std::set<std::string> names;
  auto listed = map.maps("metrics");
  if (!listed || listed->empty()) throw map.error("metrics", "expected a list of columns that become metrics");
  for (auto& one : *listed) {
    metrics.push_back(parse_metric(one, query));
    if (!names.insert(metrics.back().name).second) throw one.error("name", "another metric of the query has this name");
  }
  return metrics;
}

std::vector<std::string> parse_labels(YamlMap& map) {
  auto labels = map.texts("labels").value_or(std::vector<std::string>{});
  std::set<std::string> names;
  for (const auto& label : labels) {
    if (!is_name(label) || label.starts_with("__") || label == "target") {
      throw map.error("labels", "expected columns that can name labels: letters, digits and underscores, not target");
    }
    if (!names.insert(label).second) throw map.error("labels", "a label stands there twice");
  }
  return labels;
}

int parse_version(YamlMap& map, const std::string& key, int absent, Kind kind) {
  constexpr long kLeast = 9;
  constexpr long kMost = 9'999;
  const auto version = map.integer(key);
  if (!version) return absent;
  if (kind == Kind::pgbouncer) throw map.error(key, "is for kind postgres only");
  if (*version < kLeast || *version > kMost) throw map.error(key, "expected a major version of PostgreSQL, as 15");
  return static_cast<int>(*version);
}

CustomQuery parse_query(YamlMap& map) {
  CustomQuery query;
  query.name = required_name(map, "name");
  query.kind = parse_query_kind(map);
  query.sql = parse_sql(map, query.kind);
  query.targets = map.texts("targets").value_or(std::vector<std::string>{});
  query.databases = map.texts("databases").value_or(std::vector<std::string>{});
  query.labels = parse_labels(map);
  query.metrics = parse_metrics(map, query.name);
  query.timeout = map.duration("timeout").value_or(query.timeout);
  if (query.timeout.count() < 1) throw map.error("timeout", "expected 1ms or more");
  query.keep = map.duration("cache").value_or(query.keep);
  query.min_version = parse_version(map, "min_version", query.min_version, query.kind);
  query.max_version = parse_version(map, "max_version", query.max_version, query.kind);
  if (query.min_version > query.max_version) throw map.error("max_version", "expected min_version or more");
  return query;
}

}  // namespace

std::vector<CustomQuery> parse_custom_queries(YamlMap& config) {
  std::vector<CustomQuery> queries;
  std::set<std::pair<Kind, std::string>> names;
  std::map<std::string, prometheus::MetricType> types;
  auto listed = config.maps("queries");
  if (!listed) return queries;
  for (auto& map : *listed) {
    auto query = parse_query(map);
    if (!names.emplace(query.kind, query.name).second) throw map.error("name", "another query has this name");
    for (const auto& metric : query.metrics) {
      if (types.emplace(metric.name, metric.type).first->second != metric.type) {
        throw map.error("metrics", "another query has a metric of this name and of another type");
      }
    }
    queries.push_back(std::move(query));
  }
  return queries;
}

std::vector<CustomQuery> queries_for(const std::vector<CustomQuery>& queries, const TargetSpec& target) {
  const auto allows = [](const std::vector<std::string>& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<CustomQuery> chosen;
  for (const auto& query : queries) {
    const bool fits = query.kind == target.kind && allows(query.targets, target.name) &&
                      allows(query.databases, target.conninfo.get("dbname"));
    if (fits) chosen.push_back(query);
  }
  return chosen;
}

}  // namespace binnacle::pgpool
