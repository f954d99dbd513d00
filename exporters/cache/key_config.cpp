// SPDX-License-Identifier: Apache-2.0
#include "key_config.h"

#include <optional>
#include <set>
#include <stdexcept>

#include "core/strict_yaml.h"
#include "core/text.h"

namespace binnacle::cache {

namespace {

constexpr std::size_t kLongestNumber = 5;  // of a database
constexpr long kLeastBudget = 100;
constexpr long kMostBudget = 1'000'000;
constexpr long kMostSeries = 10'000;
constexpr std::chrono::milliseconds kLongestScan{10'000};

/// The database of "db1=cart", which is left as "cart".
std::optional<int> take_database(std::string_view& text) {
  if (!text.starts_with("db")) return std::nullopt;
  auto rest = text.substr(2);
  const auto end = rest.find('=');
  if (end > kLongestNumber) return std::nullopt;  // or there is none
  const auto number = to_u64(rest.substr(0, end));
  if (!number) return std::nullopt;
  text = rest.substr(end + 1);
  return static_cast<int>(*number);
}

KeyName key_name(const YamlMap& section, const std::string& where, const std::string& text) {
  try {
    return parse_key_name(text);
  } catch (const std::runtime_error& error) {
    throw section.error(where, error.what());
  }
}

std::vector<KeyName> key_names(YamlMap& section, const std::string& where) {
  std::vector<KeyName> names;
  std::set<KeyName> seen;
  for (const auto& text : section.texts(where).value_or(std::vector<std::string>{})) {
    auto name = key_name(section, where, text);
    if (!seen.insert(name).second) throw section.error(where, quoted(text) + " is there twice");
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<KeyGroup> key_groups(YamlMap& section) {
  std::vector<KeyGroup> groups;
  std::set<KeyName> seen;
  auto listed = section.maps("groups");
  if (!listed) return groups;
  for (auto& entry : *listed) {
    KeyGroup group;
    group.name = entry.text("name").value_or("");
    if (group.name.empty()) throw entry.error("name", "expected a name, which becomes the label key_group");
    const auto pattern = entry.text("pattern");
    if (!pattern) throw entry.error("pattern", "expected a pattern of keys, such as session:* or db1=session:*");
    group.pattern = key_name(entry, "pattern", *pattern);
    group.memory = entry.boolean("memory").value_or(false);
    if (!seen.insert({group.pattern.database, group.name}).second) {
      throw entry.error("name", "another group of this database has this name");
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void read_number(YamlMap& section, const std::string& key, long least, long most, std::size_t& into) {
  const auto number = section.integer(key);
  if (!number) return;
  if (*number < least || *number > most) {
    throw section.error(key, "expected a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  into = static_cast<std::size_t>(*number);
}

}  // namespace

KeyName parse_key_name(std::string_view text) {
  const auto database = take_database(text);
  if (text.empty()) throw std::runtime_error("expected a key or a pattern of keys: cart, or db1=cart");
  return {database.value_or(0), std::string{text}};
}

KeysConfig parse_keys(YamlMap& target) {
  KeysConfig config;
  auto section = target.map("keys");
  if (!section) return config;
  config.single = key_names(*section, "single");
  config.count = key_names(*section, "count");
  config.groups = key_groups(*section);
  config.streams = key_names(*section, "streams");
  read_number(*section, "scan_budget", kLeastBudget, kMostBudget, config.scan_budget);
  read_number(*section, "max_streams", 1, kMostSeries, config.max_streams);
  read_number(*section, "max_consumers", 0, kMostSeries, config.max_consumers);
  const auto time = section->duration("scan_time");
  if (time) {
    if (time->count() <= 0 || *time > kLongestScan) throw section->error("scan_time", "expected 1ms to 10s");
    config.scan_time = *time;
  }
  return config;
}

}  // namespace binnacle::cache
