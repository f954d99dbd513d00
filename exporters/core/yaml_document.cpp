// SPDX-License-Identifier: Apache-2.0
#include "yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "text.h"

namespace binnacle::yaml {

namespace {

constexpr std::size_t kKeyShownLimit = 64;
/// Put after the text as a comment: yaml-cpp lets a quote that nobody closes run to the end without a word when the
/// text ends with a newline, and then the scalar holds this. Its control bytes cannot be in a file, which may have
/// none.
constexpr std::string_view kEndMark = "#\x01the end\x01";

std::string shown(std::string_view key) {
  std::string text{key.substr(0, kKeyShownLimit)};
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return key.size() > kKeyShownLimit ? text + "..." : text;
}

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

}  // namespace

ConfigError Document::error(int line, const std::string& path, const std::string& what) const {
  std::string text = name;
  if (line > 0) text += ":" + std::to_string(line);
  if (!path.empty()) text += ": " + path;
  return ConfigError(text + ": " + what);
}

std::string child_path(const std::string& path, std::string_view key) {
  return path.empty() ? shown(key) : path + "." + shown(key);
}

std::string item_path(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

std::shared_ptr<const Document> parse(std::string_view text, const std::string& name) {
  auto document = std::make_shared<Document>(Document{name, {}});
  if (text.size() > kSizeLimit) throw document->error(0, "", "expected at most 1 MiB");
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

}  // namespace binnacle::yaml
