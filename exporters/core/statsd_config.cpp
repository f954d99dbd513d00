// SPDX-License-Identifier: Apache-2.0
#include "statsd_config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "statsd_address.h"
#include "strict_yaml.h"
#include "text.h"

namespace binnacle {

namespace {

constexpr long kMostSeries = 1'000'000;
constexpr long kMostSetMembers = 10'000'000;
constexpr long kLeastBuffer = 4096;
constexpr long kMostBuffer = 1 << 30;

template <typename Value>
using Choices = std::vector<std::pair<std::string_view, Value>>;

/// The value of a key whose text is one of a few words.
template <typename Value>
std::optional<Value> choice(YamlMap& map, const std::string& key, const Choices<Value>& choices) {
  const auto text = map.text(key);
  if (!text) return std::nullopt;
  std::string known;
  for (const auto& [word, value] : choices) {
    if (*text == word) return value;
    known += (known.empty() ? "" : ", ") + std::string{word};
  }
  throw map.error(key, "expected one of " + known);
}

long bounded(YamlMap& map, const std::string& key, long least, long most, long otherwise) {
  const auto value = map.integer(key).value_or(otherwise);
  if (value < least || value > most) {
    throw map.error(key, "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

void check_label_name(YamlMap& map, const std::string& key, const std::string& name) {
  if (statsd_label_name(name) != name) {
    throw map.error(key, "expected a label's name: letters, digits and underscores");
  }
}

StatsdMapping::Texts read_labels(YamlMap& section, const std::string& key) {
  StatsdMapping::Texts labels;
  auto map = section.map(key);
  if (!map) return labels;
  for (const auto& name : map->keys()) {
    check_label_name(*map, name, name);
    labels.emplace_back(name, map->text(name).value_or(""));
  }
  return labels;
}

std::vector<double> read_buckets(YamlMap& section) {
  std::vector<double> bounds;
  for (const auto& text : section.texts("buckets").value_or(std::vector<std::string>{})) {
    const auto bound = to_double(text);
    if (!bound) throw section.error("buckets", "expected a list of numbers");
    bounds.push_back(*bound);
  }
  return bounds;
}

std::vector<StatsdType> read_types(YamlMap& section) {
  using Type = StatsdType;
  static const Choices<std::vector<Type>> kTypes{
      {"counter", {Type::counter}}, {"gauge", {Type::gauge}},
      {"timer", {Type::timer}},     {"histogram", {Type::histogram, Type::distribution}},
      {"set", {Type::set}},         {"observer", {Type::timer, Type::histogram, Type::distribution}}};
  return choice(section, "type", kTypes).value_or(std::vector<Type>{});
}

StatsdMapping read_mapping(YamlMap& section) {
  StatsdMapping mapping;
  const auto match = section.text("match");
  if (!match) throw section.error("match", "a pattern is missing");
  mapping.match = *match;
  mapping.types = read_types(section);
  mapping.drop = choice<bool>(section, "action", {{"map", false}, {"drop", true}}).value_or(false);
  mapping.name = section.text("name").value_or("");
  mapping.help = section.text("help").value_or("");
  mapping.labels = read_labels(section, "labels");
  mapping.defaults = read_labels(section, "defaults");
  mapping.tags = section.texts("tags");
  for (const auto& tag : mapping.tags.value_or(std::vector<std::string>{})) check_label_name(section, "tags", tag);
  mapping.scale = section.number("scale").value_or(1);
  mapping.buckets = read_buckets(section);
  mapping.ttl = section.duration("ttl");
  try {
    StatsdMapper({mapping}, {});
  } catch (const std::runtime_error& error) {
    throw section.error("", error.what());
  }
  return mapping;
}

}  // namespace

StatsdConfig read_statsd_config(YamlMap& config) {
  StatsdConfig read;
  auto section = config.map("statsd");
  if (!section) return read;
  read.listen = section->texts("listen").value_or(std::vector<std::string>{});
  for (const auto& address : read.listen) {
    try {
      parse_statsd_address(address);
    } catch (const std::runtime_error& error) {
      throw section->error("listen", error.what());
    }
    if (std::count(read.listen.begin(), read.listen.end(), address) > 1) {
      throw section->error("listen", "an address stands there twice");
    }
  }
  for (auto& mapping : section->maps("mappings").value_or(std::vector<YamlMap>{})) {
    read.mappings.push_back(read_mapping(mapping));
  }
  read.mapper.prefix = section->text("prefix").value_or("");
  read.mapper.unmapped =
      choice<StatsdUnmapped>(*section, "unmapped", {{"drop", StatsdUnmapped::drop}, {"keep", StatsdUnmapped::keep}})
          .value_or(read.mapper.unmapped);
  read.mapper.ttl = section->duration("ttl").value_or(read.mapper.ttl);
  auto& store = read.store;
  store.series_cap =
      static_cast<std::size_t>(bounded(*section, "series_cap", 1, kMostSeries, static_cast<long>(store.series_cap)));
  store.set_cap =
      static_cast<std::size_t>(bounded(*section, "set_cap", 0, kMostSetMembers, static_cast<long>(store.set_cap)));
  store.set_window = section->duration("set_window").value_or(store.set_window);
  store.gauge_sign =
      choice<StatsdGaugeSign>(*section, "gauge_sign",
                              {{"delta", StatsdGaugeSign::delta}, {"absolute", StatsdGaugeSign::absolute}})
          .value_or(store.gauge_sign);
  read.receive_buffer =
      static_cast<int>(bounded(*section, "receive_buffer", kLeastBuffer, kMostBuffer, read.receive_buffer));
  return read;
}

}  // namespace binnacle
