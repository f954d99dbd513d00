// SPDX-License-Identifier: Apache-2.0
// The config file: strict YAML, the health section, the process groups, and what a group makes of a process.
#include <string>

#include "core/health.h"
#include "core/strict_yaml.h"
#include "fuzz.h"
#include "system/process_groups.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;

/// Reads each key as every type that it may have.
void read_all(YamlMap map, int depth) {
  for (const auto& key : map.keys()) {
    accepts([&] { map.text(key); });
    accepts([&] { map.boolean(key); });
    accepts([&] { map.number(key); });
    accepts([&] { map.integer(key); });
    accepts([&] { map.duration(key); });
    accepts([&] { map.texts(key); });
    accepts([&] {
      for (const auto& inner : map.maps(key).value_or(std::vector<YamlMap>{})) {
        if (depth < 70) read_all(inner, depth + 1);
      }
    });
    accepts([&] {
      if (const auto inner = map.map(key); inner && depth < 70) read_all(*inner, depth + 1);
    });
    const std::string message = map.error(key, "x").what();
    require(message.find('\n') == std::string::npos, "a message is one line");
  }
}

void read_groups(std::string_view text) {
  auto map = YamlMap::from_text(text, "config.yml");
  const auto rules = system::ProcessGroups::parse(map);
  const system::ProcessFacts process{"worker", {"/usr/bin/worker", "--queue=mail", ""}, "www-data"};
  const auto match = rules->match(process);
  require(!match || !match->group.empty(), "a group has a name");
  require(!match || rules->has_template(match->name_template), "a group comes from an item");
  for (const auto& name : rules->fixed_names()) require(rules->has_template(name), "a fixed name is one of an item");
  map.finish();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  if (!accepts([&] { YamlMap::from_text(text, "config.yml"); })) return 0;
  accepts([&] { read_all(YamlMap::from_text(text, "config.yml"), 0); });
  accepts([&] { YamlMap::from_text(text, "config.yml").finish(); });
  accepts([&] { read_groups(text); });
  accepts([&] {
    auto map = YamlMap::from_text(text, "config.yml");
    if (auto section = map.map("health")) {
      for (const auto& rule : override_rules({{"memory_available_ratio", "meminfo", 0.1, 0.03, 3}}, *section)) {
        require(rule.weight >= 0 && rule.warn != rule.critical, "a rule can be judged by");
        const double score = score_of(rule, 0.05);
        require(!(score < 0) && !(score > 100), "a score is from 0 to 100");
      }
    }
    map.finish();
  });
  return 0;
}
