// SPDX-License-Identifier: Apache-2.0
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

struct Row {
  const char* name;
  bool enabled_by_default;
  const char* help;
  std::unique_ptr<Collector> (*make)(const RedisParts& parts);
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {"ping", true, "The exporter's own connect, AUTH and PING: their times, and whether the server is up.",
       make_ping},
      {"info", true, "INFO's plain fields: server, clients, memory, persistence, statistics, CPU.", make_info},
      // Next to info, so that the sums that INFO knows are of the same moment.
      {"latency_histogram", true, "LATENCY HISTOGRAM: time of calls by command, as histograms in seconds.",
       make_latency_histogram},
      {"latency_histogram_usec", false, "The same under redis_exporter's name, in microseconds.",
       make_latency_histogram_usec},
      {"replication", true, "INFO's section Replication: link to the primary, lag of replicas.", make_replication},
      {"keyspace", true, "INFO's section Keyspace: keys by database.", make_keyspace},
      {"commandstats", true, "INFO's section Commandstats: calls and time by command.", make_commandstats},
      {"latencystats", true, "INFO's section Latencystats: percentiles by command.", make_latencystats},
      {"errorstats", true, "INFO's section Errorstats: error replies by their first word.", make_errorstats},
      {"modules", true, "INFO's section Modules and the modules' own.", make_modules},
      {"redis_config", true, "CONFIG GET: limits and thresholds.", make_redis_config},
      {"cluster", true, "CLUSTER INFO and CLUSTER NODES, where cluster mode is on.", make_cluster},
      {"latency", true, "LATENCY LATEST: spikes by event.", make_latency},
      {"slowlog", true, "SLOWLOG: how many slow commands there were, and the newest one's time.", make_slowlog},
      {"commandlog", true, "COMMANDLOG (Valkey 8.1 on): slow commands, large requests and replies.", make_commandlog},
      {"clients", false, "CLIENT LIST, summed up by type of client; costs more the more clients there are.",
       make_clients},
      {"sentinel", true, "A Sentinel's primaries: status, quorum, settings.", make_sentinel},
      // Last, since they may take the rest of a scrape's time.
      {"keys", true, "Keys, patterns and groups of keys that the config names: sizes, values, counts.", make_keys},
      {"streams", true, "Streams that the config names: length, groups, consumers.", make_streams},
  };
  return rows;
}

}  // namespace

std::vector<CollectorKind> redis_collector_kinds() {
  std::vector<CollectorKind> kinds;
  for (const auto& row : table()) kinds.push_back({row.name, row.enabled_by_default, row.help});
  return kinds;
}

std::vector<Target::Entry> make_redis_collectors(const RedisParts& parts) {
  std::vector<Target::Entry> entries;
  for (const auto& row : table()) entries.push_back({row.name, row.make(parts)});
  return entries;
}

}  // namespace binnacle::cache
