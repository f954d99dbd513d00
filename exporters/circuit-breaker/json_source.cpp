// SPDX-License-Identifier: Apache-2.0
#include "json_source.h"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string_view>

#include "core/strict_yaml.h"
#include "http_client.h"

namespace binnacle::breaker {

namespace {

class JsonSource : public Source {
 public:
  explicit JsonSource(const JsonSettings& settings) : client_(settings.http), reader_(settings.shape) {}

  Reading poll(const PollContext& context) override {
    const auto page = client_.get("", context);
    return {reader_.read(page, std::chrono::system_clock::now())};
  }

 private:
  HttpClient client_;
  JsonReader reader_;
};

std::string listed(std::span<const std::string_view> names) {
  std::string list;
  for (const auto name : names) list += (list.empty() ? "" : ", ") + std::string{name};
  return list;
}

/// The text of `key`, that is a pointer; after a '!' where `may_be_negated`.
std::optional<std::string> read_pointer(YamlMap& map, const std::string& key, bool may_be_negated = false) {
  auto text = map.text(key);
  if (!text) return std::nullopt;
  try {
    JsonPointer{std::string_view{*text}.substr(may_be_negated && text->starts_with('!') ? 1 : 0)};
  } catch (const std::runtime_error& error) {
    throw map.error(key, error.what());
  }
  return text;
}

/// A mapping of some of `names` to pointers.
std::map<std::string, std::string> read_pointers(YamlMap& map, const std::string& section,
                                                 std::span<const std::string_view> names) {
  std::map<std::string, std::string> pointers;
  auto given = map.map(section);
  if (!given) return pointers;
  for (const auto& key : given->keys()) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw given->error(key, "expected one of " + listed(names));
    }
    if (const auto pointer = read_pointer(*given, key)) pointers[key] = *pointer;
  }
  return pointers;
}

BreakerState read_state(const YamlMap& map, const std::string& key, const std::string& name) {
  const auto state = breaker_state_of(name);
  if (!state) throw map.error(key, "expected one of the states " + listed(kBreakerStateNames));
  return *state;
}

void read_states(YamlMap& map, JsonShape& shape) {
  if (auto states = map.map("states")) {
    for (const auto& text : states->keys()) {
      shape.states[text] = read_state(*states, text, states->text(text).value_or(""));
    }
  }
  if (auto flags = map.map("state_flags")) {
    for (const auto& key : flags->keys()) {
      const auto state = read_state(*flags, key, key);
      if (const auto pointer = read_pointer(*flags, key, true)) shape.state_flags.emplace_back(state, *pointer);
    }
  }
}

JsonShape parse_shape(YamlMap& map) {
  JsonShape shape;
  shape.breakers = read_pointer(map, "breakers").value_or(shape.breakers);
  shape.name = read_pointer(map, "name").value_or(shape.name);
  shape.instance = read_pointer(map, "instance").value_or(shape.instance);
  shape.state = read_pointer(map, "state").value_or(shape.state);
  shape.since = read_pointer(map, "since").value_or(shape.since);
  read_states(map, shape);
  shape.numbers = read_pointers(map, "numbers", kNumberNames);
  shape.calls = read_pointers(map, "calls", kCallResultNames);
  shape.ratio_scale = map.number("ratio_scale").value_or(shape.ratio_scale);
  if (!(shape.ratio_scale > 0)) throw map.error("ratio_scale", "expected a number above 0");
  return shape;
}

}  // namespace

JsonSettings json_from_address(const std::string& address) {
  JsonSettings settings;
  settings.http.url = parse_url(address);
  return settings;
}

JsonSettings parse_json(YamlMap& source, const CredentialModules& modules) {
  JsonSettings settings;
  settings.http = parse_http_settings(source, modules);
  if (auto shape = source.map("shape")) settings.shape = parse_shape(*shape);
  return settings;
}

std::unique_ptr<Source> make_source(const JsonSettings& settings) { return std::make_unique<JsonSource>(settings); }

}  // namespace binnacle::breaker
