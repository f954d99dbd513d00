// SPDX-License-Identifier: Apache-2.0
#include "strict_yaml.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "file.h"
#include "flags.h"
#include "text.h"
#include "yaml_document.h"

namespace binnacle {

using yaml::child_path;
using yaml::Document;
using yaml::item_path;
using yaml::Kind;
using yaml::Node;

namespace {

bool is_true(const Node& node) {
  return node.plain && (node.text == "true" || node.text == "True" || node.text == "TRUE");
}
bool is_false(const Node& node) {
  return node.plain && (node.text == "false" || node.text == "False" || node.text == "FALSE");
}

std::optional<double> as_number(const Node& node) {
  // to_double alone would take "inf", "nan" and ".": YAML has no such numbers, and a config has no use for .inf.
  if (!node.plain || node.text.find_first_not_of("+-.eE0123456789") != std::string::npos) return std::nullopt;
  const auto value = to_double(node.text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<long> as_integer(const Node& node) {
  if (!node.plain) return std::nullopt;
  std::string_view text = node.text;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return to_i64(text);
}

std::string type_of(const Node& node) {
  switch (node.kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a mapping";
    case Kind::scalar:
      break;
  }
  if (is_true(node) || is_false(node)) return "true or false";
  return as_number(node) ? "a number" : "a text";
}

}  // namespace

struct YamlMap::State {
  std::shared_ptr<const Document> document;
  std::size_t node = 0;
  std::string path{};
  std::unordered_map<std::string_view, std::size_t> values{};  ///< node of a key's value
  std::vector<std::string> asked{};                            ///< in the order of the first question
  std::unordered_map<std::string, std::vector<std::shared_ptr<State>>> children{};

  static std::shared_ptr<State> make(std::shared_ptr<const Document> document, std::size_t node, std::string path);

  [[nodiscard]] const Node& at(std::size_t id) const { return document->nodes[id]; }
  [[nodiscard]] bool was_asked(std::string_view key) const {
    return std::find(asked.begin(), asked.end(), key) != asked.end();
  }
  [[nodiscard]] int line_of(std::string_view key) const {
    const auto& items = at(node).items;
    for (std::size_t i = 0; i < items.size(); i += 2) {
      if (at(items[i]).text == key) return at(items[i]).line;
    }
    return at(node).line;
  }
  [[nodiscard]] ConfigError wrong_type(const std::string& key, std::string_view wanted, const Node& got) const {
    return document->error(line_of(key), child_path(path, key),
                           "expected " + std::string{wanted} + ", got " + type_of(got));
  }

  /// The key's value; nullptr when it is absent or null. The key is known from now on.
  const Node* take(const std::string& key) {
    if (!was_asked(key)) asked.push_back(key);
    const auto found = values.find(key);
    if (found == values.end() || at(found->second).kind == Kind::null) return nullptr;
    return &at(found->second);
  }
  const Node* take(const std::string& key, Kind kind, std::string_view wanted) {
    const Node* value = take(key);
    if (value != nullptr && value->kind != kind) throw wrong_type(key, wanted, *value);
    return value;
  }
};

std::shared_ptr<YamlMap::State> YamlMap::State::make(std::shared_ptr<const Document> document, std::size_t node,
                                                     std::string path) {
  auto state = std::make_shared<State>(State{.document = std::move(document), .node = node, .path = std::move(path)});
  const auto& items = state->at(node).items;
  for (std::size_t i = 0; i < items.size(); i += 2) state->values.emplace(state->at(items[i]).text, items[i + 1]);
  return state;
}

YamlMap::YamlMap(std::shared_ptr<State> state) : state_(std::move(state)) {}

YamlMap YamlMap::from_file(const std::string& path) {
  std::string text;
  try {
    text = read_file(path, yaml::kSizeLimit);
  } catch (const std::system_error& error) {
    const bool too_big = error.code().value() == EFBIG;
    throw ConfigError(path + ": " + (too_big ? "expected at most 1 MiB" : "cannot be read: " + error.code().message()));
  }
  return from_text(text, path);
}

YamlMap YamlMap::from_text(std::string_view text, const std::string& name) {
  const auto document = yaml::parse(text, name);
  return YamlMap{State::make(document, document->nodes.size() - 1, "")};
}

std::optional<std::string> YamlMap::text(const std::string& key) {
  const Node* value = state_->take(key, Kind::scalar, "a text");
  if (value == nullptr) return std::nullopt;
  return value->text;
}

std::optional<bool> YamlMap::boolean(const std::string& key) {
  const Node* value = state_->take(key, Kind::scalar, "true or false");
  if (value == nullptr) return std::nullopt;
  if (!is_true(*value) && !is_false(*value)) throw state_->wrong_type(key, "true or false", *value);
  return is_true(*value);
}

std::optional<double> YamlMap::number(const std::string& key) {
  const Node* value = state_->take(key, Kind::scalar, "a number");
  if (value == nullptr) return std::nullopt;
  const auto number = as_number(*value);
  if (!number) throw state_->wrong_type(key, "a number", *value);
  return number;
}

std::optional<long> YamlMap::integer(const std::string& key) {
  const Node* value = state_->take(key, Kind::scalar, "a whole number");
  if (value == nullptr) return std::nullopt;
  const auto number = as_integer(*value);
  if (!number) throw state_->wrong_type(key, "a whole number", *value);
  return number;
}

std::optional<std::chrono::milliseconds> YamlMap::duration(const std::string& key) {
  constexpr std::string_view kWanted = "a duration such as 500ms, 5s or 1m30s";
  const Node* value = state_->take(key, Kind::scalar, kWanted);
  if (value == nullptr) return std::nullopt;
  try {
    return parse_duration(value->text);
  } catch (const std::runtime_error&) {  // its text has the value, which ours must not
    throw state_->wrong_type(key, kWanted, *value);
  }
}

std::optional<std::vector<std::string>> YamlMap::texts(const std::string& key) {
  const Node* value = state_->take(key, Kind::list, "a list of texts");
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto id : value->items) {
    const auto& item = state_->at(id);
    if (item.kind != Kind::scalar) {
      throw state_->document->error(item.line, item_path(child_path(state_->path, key), texts.size()),
                                    "expected a text, got " + type_of(item));
    }
    texts.push_back(item.text);
  }
  return texts;
}

std::optional<YamlMap> YamlMap::map(const std::string& key) {
  const Node* value = state_->take(key, Kind::map, "a mapping");
  if (value == nullptr) return std::nullopt;
  auto& children = state_->children[key];
  if (children.empty()) {
    children.push_back(State::make(state_->document, state_->values.at(key), child_path(state_->path, key)));
  }
  return YamlMap{children.front()};
}

std::optional<std::vector<YamlMap>> YamlMap::maps(const std::string& key) {
  const Node* value = state_->take(key, Kind::list, "a list of mappings");
  if (value == nullptr) return std::nullopt;
  auto& children = state_->children[key];
  if (children.empty()) {
    for (const auto id : value->items) {
      const auto& item = state_->at(id);
      const auto path = item_path(child_path(state_->path, key), children.size());
      if (item.kind != Kind::map) {
        throw state_->document->error(item.line, path, "expected a mapping, got " + type_of(item));
      }
      children.push_back(State::make(state_->document, id, path));
    }
  }
  std::vector<YamlMap> maps;
  for (const auto& child : children) maps.push_back(YamlMap{child});
  return maps;
}

std::vector<std::string> YamlMap::keys() const {
  const auto& items = state_->at(state_->node).items;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < items.size(); i += 2) names.push_back(state_->at(items[i]).text);
  return names;
}

ConfigError YamlMap::error(const std::string& key, const std::string& what) const {
  if (key.empty()) return state_->document->error(state_->at(state_->node).line, state_->path, what);
  return state_->document->error(state_->line_of(key), child_path(state_->path, key), what);
}

void YamlMap::finish() const {
  for (const auto& key : keys()) {
    if (!state_->was_asked(key)) {
      std::string known;
      for (const auto& name : state_->asked) known += (known.empty() ? "" : ", ") + name;
      throw error(key, "unknown key, " + (known.empty() ? "expected none here" : "expected one of: " + known));
    }
    const auto children = state_->children.find(key);
    if (children == state_->children.end()) continue;
    for (const auto& child : children->second) YamlMap{child}.finish();
  }
}

}  // namespace binnacle
