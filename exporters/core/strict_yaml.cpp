// SPDX-License-Identifier: Apache-2.0
#include "strict_yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <sstream>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "file.h"
#include "flags.h"
#include "text.h"

namespace binnacle {

namespace {

constexpr std::size_t kFileLimitYaml = std::size_t{1} << 20U;
constexpr std::size_t kDepthLimit = 64;
constexpr std::size_t kKeyShownLimit = 64;
/// Put after the text as a comment: yaml-cpp lets a quote that nobody closes run to the end without a word when the text
/// ends with a newline, and then the scalar holds this. Its control bytes cannot be in a file, which may have none.
constexpr std::string_view kEndMark = "#\x01the end\x01";

enum class Kind { null, scalar, list, map };

/// Nodes refer to each other by index, so that neither aliases nor depth make anything recursive.
struct Node {
  Kind kind = Kind::null;
  bool plain = false;  ///< a scalar without quotes
  int line = 0;
  std::string text{};
  std::vector<std::size_t> items{};  ///< of a list; of a map key, value, key, value...
};

struct Document {
  std::string name;
  std::vector<Node> nodes;

  [[nodiscard]] ConfigError error(int line, const std::string& path, const std::string& what) const {
    std::string text = name;
    if (line > 0) text += ":" + std::to_string(line);
    if (!path.empty()) text += ": " + path;
    return ConfigError(text + ": " + what);
  }
};

std::string shown(std::string_view key) {
  std::string text{key.substr(0, kKeyShownLimit)};
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return key.size() > kKeyShownLimit ? text + "..." : text;
}

std::string child_path(const std::string& path, std::string_view key) {
  return path.empty() ? shown(key) : path + "." + shown(key);
}

std::string item_path(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}

  [[nodiscard]] std::size_t documents() const { return documents_; }
  [[nodiscard]] std::optional<std::size_t> root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw document_.error(mark.line + 1, "", "expected one document, got a second one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { attach(make(Kind::null, mark, anchor)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    const auto is_target = [&](const Frame& frame) { return found != anchors_.end() && frame.node == found->second; };
    if (found == anchors_.end() || std::any_of(frames_.begin(), frames_.end(), is_target)) {
      throw document_.error(mark.line + 1, path(), "an alias stands inside what it refers to");
    }
    attach(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (value.find(kEndMark) != std::string::npos) {
      throw document_.error(mark.line + 1, path(), "bad YAML: a quote is not closed");
    }
    const bool null = tag == "tag:yaml.org,2002:null" && value.empty();
    if (!null) check_tag(mark, tag, "str");
    const auto id = make(null ? Kind::null : Kind::scalar, mark, anchor);
    document_.nodes[id].text = value;
    document_.nodes[id].plain = tag == "?";
    attach(id);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag, "seq");
    open(make(Kind::list, mark, anchor));
  }
  void OnSequenceEnd() override { frames_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag, "map");
    open(make(Kind::map, mark, anchor));
  }
  void OnMapEnd() override { frames_.pop_back(); }

 private:
  struct Frame {
    std::size_t node;
    std::unordered_map<std::string, int> lines_of_keys{};
  };

  std::size_t make(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const auto id = document_.nodes.size();
    document_.nodes.push_back({.kind = kind, .line = mark.line + 1});
    if (anchor != YAML::NullAnchor) anchors_[anchor] = id;
    return id;
  }

  void open(std::size_t id) {
    attach(id);
    if (frames_.size() == kDepthLimit) {
      throw document_.error(document_.nodes[id].line, "",
                            "expected at most " + std::to_string(kDepthLimit) + " levels, got more");
    }
    frames_.push_back({id});
  }

  void attach(std::size_t id) {
    if (frames_.empty()) {
      root_ = id;
      return;
    }
    auto& frame = frames_.back();
    auto& parent = document_.nodes[frame.node];
    if (parent.kind == Kind::map && parent.items.size() % 2 == 0) {
      const auto& key = document_.nodes[id];
      if (key.kind != Kind::scalar) throw document_.error(key.line, path(), "expected a text as key");
      const auto [first, added] = frame.lines_of_keys.try_emplace(key.text, key.line);
      if (!added) {
        throw document_.error(key.line, child_path(path(), key.text),
                              "key given twice, first in line " + std::to_string(first->second));
      }
    }
    parent.items.push_back(id);
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag, const char* ours) {
    if (tag == "?" || tag == "!" || tag == std::string{"tag:yaml.org,2002:"} + ours) return;
    throw document_.error(mark.line + 1, path(), "tags such as !name are not known here");
  }

  /// Where the parser is now.
  [[nodiscard]] std::string path() const {
    std::string text;
    for (const auto& frame : frames_) {
      const auto& node = document_.nodes[frame.node];
      if (node.kind == Kind::list) {
        const bool inside = &frame != &frames_.back();
        text = item_path(text, inside ? node.items.size() - 1 : node.items.size());
      } else if (!node.items.empty() && (node.items.size() % 2 == 1 || &frame != &frames_.back())) {
        text = child_path(text, document_.nodes[node.items[(node.items.size() - 1) / 2 * 2]].text);
      }
    }
    return text;
  }

  Document& document_;
  std::size_t documents_ = 0;
  std::optional<std::size_t> root_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, std::size_t> anchors_;
};

/// YAML wants text without control bytes; yaml-cpp takes some of them for the file's end.
void check_bytes(std::string_view text, const Document& document) {
  const bool utf8 = is_utf8(text);
  int line = 1;
  while (const auto next = next_line(text)) {
    for (const char c : *next) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t' && c != '\r') || byte == 0x7F) {
        throw document.error(line, "", "expected text, got a control byte");
      }
    }
    if (!utf8 && !is_utf8(*next)) throw document.error(line, "", "expected UTF-8, got other bytes");
    ++line;
  }
}

std::shared_ptr<Document> parse(std::string_view text, const std::string& name) {
  auto document = std::make_shared<Document>(Document{name, {}});
  if (text.size() > kFileLimitYaml) throw document->error(0, "", "expected at most 1 MiB");
  check_bytes(text, *document);
  std::string marked{text};
  if (!marked.empty() && marked.back() != '\n') marked += '\n';
  marked += kEndMark;
  marked += '\n';
  std::istringstream stream{marked};
  Builder builder{*document};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    throw document->error(error.mark.is_null() ? 0 : error.mark.line + 1, "", "bad YAML: " + error.msg);
  }
  // The mapping that everything hangs on is the last node.
  const auto root = builder.root();
  if (!root || document->nodes[*root].kind == Kind::null) {
    document->nodes.push_back({.kind = Kind::map, .line = 1});
  } else {
    const Node top = document->nodes[*root];
    if (top.kind != Kind::map) throw document->error(top.line, "", "expected keys and values at the top");
    document->nodes.push_back(top);
  }
  return document;
}

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
    text = read_file(path, kFileLimitYaml);
  } catch (const std::system_error& error) {
    const bool too_big = error.code().value() == EFBIG;
    throw ConfigError(path + ": " + (too_big ? "expected at most 1 MiB" : "cannot be read: " + error.code().message()));
  }
  return from_text(text, path);
}

YamlMap YamlMap::from_text(std::string_view text, const std::string& name) {
  const auto document = parse(text, name);
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
