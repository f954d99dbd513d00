// SPDX-License-Identifier: Apache-2.0
// What Redis answers in lines: INFO, CLUSTER INFO, CLUSTER NODES, CLIENT LIST.
#include <cmath>
#include <string>
#include <utility>

#include "cache/clients.h"
#include "cache/cluster.h"
#include "cache/cluster_nodes.h"
#include "cache/commandstats.h"
#include "cache/info.h"
#include "cache/info_collector.h"
#include "cache/keyspace.h"
#include "cache/modules.h"
#include "cache/redis_config.h"
#include "cache/replication.h"
#include "cache/sentinel.h"
#include "core/address.h"
#include "families.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::cache;

void read_fields(const Info& info) {
  for (const auto& field : info.fields()) {
    require(!field.key.empty(), "a field has a name");
    require(field.key.find('\n') == std::string_view::npos && field.value.find('\n') == std::string_view::npos,
            "a field is of one line");
    const auto first = info.get(field.key);
    require(!first.empty() || info.number(field.key) == std::nullopt, "an empty value is no number");
    if (const auto number = info_number(field.value)) require(std::isfinite(*number), "numbers are finite");
    if (const auto part = part_of(field.value, "calls")) {
      require(field.value.find("calls") != std::string_view::npos && part->size() < field.value.size(),
              "a part is a part of the value");
    }
  }
}

/// Each collector has families of its own, as in a scrape.
template <typename Add>
void collect(Add add) {
  Output out;
  add(out);
  for (const auto& fact : out.facts) require(!std::isnan(fact.value), "a fact that is unknown is absent");
  require_sound(std::move(out.families));
}

/// CONFIG GET's values: the line "maxmemory:1" stands for the setting.
void read_settings(const Info& info) {
  ConfigValues values;
  for (const auto& field : info.fields()) values.emplace(field.key, field.value);
  collect([&](Output& out) { add_redis_config(values, out.families); });
}

/// Nodes are connected to, with a password, at the addresses that a server gave.
void read_nodes(std::string_view text) {
  const auto nodes = parse_cluster_nodes(text);
  for (const auto& node : nodes) {
    require(!node.id.empty(), "a node has an id");
    require(node.port >= 0 && node.port <= 65'535, "a port is one");
    if (node.host.empty() || node.port == 0) continue;
    const Address address{node.host, node.port, {}};
    require(parse_address(address.name(), 1) == address, "an address is one that the config could name");
  }
  collect([&](Output& out) { add_cluster_nodes(nodes, out.families); });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  const Info info{std::string{text}};
  read_fields(info);
  collect([&](Output& out) { add_info(info, 1.7e9, out); });
  collect([&](Output& out) { add_replication(info, out); });
  collect([&](Output& out) { add_cluster(info, out); });
  collect([&](Output& out) { add_keyspace(info, 16, out.families); });
  collect([&](Output& out) { add_commandstats(info, out.families); });
  collect([&](Output& out) { add_latencystats(info, out.families); });
  collect([&](Output& out) { add_errorstats(info, out.families); });
  collect([&](Output& out) { add_modules(info, out.families); });
  collect([&](Output& out) { add_sentinel_info(info, out.families); });
  collect([&](Output& out) { add_clients(text, out.families); });
  read_settings(info);
  read_nodes(text);
  return 0;
}
