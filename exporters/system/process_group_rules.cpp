// SPDX-License-Identifier: Apache-2.0
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "core/strict_yaml.h"
#include "core/text.h"
#include "device_filter.h"
#include "process_groups.h"

namespace binnacle::system {

namespace {

enum class Field { text, comm, exe_base, exe_full, username, match };

/// A piece of a group's name: a text, or a field of the process.
struct Piece {
  Field field = Field::text;
  std::string text;  ///< the text, or the name of a pattern's group
};

constexpr std::string_view kMatches = ".Matches.";
constexpr std::string_view kDefaultName = "{{.ExeBase}}";
constexpr std::pair<std::string_view, Field> kFields[] = {
    {".Comm", Field::comm},
    {".ExeBase", Field::exe_base},
    {".ExeFull", Field::exe_full},
    {".Username", Field::username},
};

/// What stands in {{...}}, as a piece.
Piece field_piece(std::string_view field, const YamlMap& config) {
  for (const auto& [name, kind] : kFields) {
    if (name == field) return {kind, {}};
  }
  if (field.starts_with(kMatches) && field.size() > kMatches.size()) {
    return {Field::match, std::string{field.substr(kMatches.size())}};
  }
  if (field == ".PID" || field == ".StartTime" || field == ".Cgroups") {
    throw config.error("name", "{{" + std::string{field} + "}} would make a group of each process");
  }
  throw config.error("name",
                     "expected {{.Comm}}, {{.ExeBase}}, {{.ExeFull}}, {{.Username}} or {{.Matches.NAME}}, got " +
                         quoted("{{" + std::string{field} + "}}"));
}

std::vector<Piece> parse_template(std::string_view name, const YamlMap& config) {
  std::vector<Piece> pieces;
  while (!name.empty()) {
    const auto open = name.find("{{");
    if (open != 0) pieces.push_back({Field::text, std::string{name.substr(0, open)}});
    if (open == std::string_view::npos) break;
    name.remove_prefix(open + 2);
    const auto close = name.find("}}");
    if (close == std::string_view::npos) throw config.error("name", "{{ without its }}");
    pieces.push_back(field_piece(trim(name.substr(0, close)), config));
    name.remove_prefix(close + 2);
  }
  return pieces;
}

/// The last part of a path, as process-exporter takes it: "/usr/bin/" gives "bin", "" gives ".".
std::string_view base_name(std::string_view path) {
  if (path.empty()) return ".";
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path.size() == 1) return path;
  return path.substr(path.rfind('/') + 1);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

std::vector<std::string> list_of(YamlMap& config, const std::string& key) {
  auto list = config.texts(key);
  if (list && list->empty()) throw config.error(key, "expected at least one item");
  return list ? *std::move(list) : std::vector<std::string>{};
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

struct GroupRules::Item {
  std::string name_template;
  std::vector<Piece> name;
  std::vector<std::string> comms;
  std::vector<std::string> exes;
  std::vector<std::unique_ptr<re2::RE2>> patterns;

  using Captures = std::map<std::string, std::string>;

  [[nodiscard]] bool uses(Field field) const {
    return std::any_of(name.begin(), name.end(), [&](const auto& piece) { return piece.field == field; });
  }
  [[nodiscard]] bool selects(const ProcessFacts& process, Captures& captures) const;
  [[nodiscard]] bool selects_exe(const ProcessFacts& process) const;
  [[nodiscard]] std::string name_of(const ProcessFacts& process, const Captures& captures) const;
};

bool GroupRules::Item::selects_exe(const ProcessFacts& process) const {
  if (process.words.empty()) return false;
  const auto& path = process.words.front();
  const auto base = base_name(path);
  return std::any_of(exes.begin(), exes.end(), [&](const std::string& exe) {
    return exe.find('/') == std::string::npos ? exe == base : exe == path;
  });
}

bool GroupRules::Item::selects(const ProcessFacts& process, Captures& captures) const {
  if (!comms.empty() && !contains(comms, process.comm)) return false;
  if (!exes.empty() && !selects_exe(process)) return false;
  if (patterns.empty()) return true;
  const auto line = joined(process.words);
  for (const auto& pattern : patterns) {
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(pattern->NumberOfCapturingGroups()) + 1);
    if (!pattern->Match(line, 0, line.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
      return false;
    }
    for (const auto& [index, group] : pattern->CapturingGroupNames()) {
      captures[group] = std::string{groups[static_cast<std::size_t>(index)]};
    }
  }
  return true;
}

std::string GroupRules::Item::name_of(const ProcessFacts& process, const Captures& captures) const {
  const std::string& exe = process.words.empty() ? process.comm : process.words.front();
  std::string text;
  for (const auto& piece : name) {
    switch (piece.field) {
      case Field::text:
        text += piece.text;
        break;
      case Field::comm:
        text += process.comm;
        break;
      case Field::exe_base:
        text += process.words.empty() ? std::string_view{exe} : base_name(exe);
        break;
      case Field::exe_full:
        text += exe;
        break;
      case Field::username:
        text += process.username;
        break;
      case Field::match:
        if (const auto found = captures.find(piece.text); found != captures.end()) text += found->second;
        break;
    }
  }
  return text;
}

GroupRules::GroupRules() = default;
GroupRules::~GroupRules() = default;

void GroupRules::add(YamlMap& config) {
  auto item = std::make_unique<Item>();
  item->name_template = config.text("name").value_or("");
  if (item->name_template.empty()) item->name_template = kDefaultName;
  item->name = parse_template(item->name_template, config);
  item->comms = list_of(config, "comm");
  item->exes = list_of(config, "exe");
  std::vector<std::string> captured;
  for (const auto& text : list_of(config, "cmdline")) {
    auto pattern = std::make_unique<re2::RE2>(text, re2::RE2::Quiet);
    if (!pattern->ok()) throw config.error("cmdline", "bad regular expression: " + pattern_error(*pattern));
    for (const auto& [index, name] : pattern->CapturingGroupNames()) captured.push_back(name);
    item->patterns.push_back(std::move(pattern));
  }
  if (item->comms.empty() && item->exes.empty() && item->patterns.empty()) {
    throw config.error("", "expected one of comm, exe and cmdline");
  }
  for (const auto& piece : item->name) {
    if (piece.field == Field::match && !contains(captured, piece.text)) {
      throw config.error("name", "no pattern of cmdline has a group (?P<" + piece.text + ">...)");
    }
  }
  items_.push_back(std::move(item));
}

std::optional<GroupRules::Match> GroupRules::match(const ProcessFacts& process) const {
  for (const auto& item : items_) {
    Item::Captures captures;
    if (!item->selects(process, captures)) continue;
    auto name = item->name_of(process, captures);
    if (name.empty()) return std::nullopt;
    return Match{std::move(name), item->name_template};
  }
  return std::nullopt;
}

bool GroupRules::uses_username() const {
  return std::any_of(items_.begin(), items_.end(), [](const auto& item) { return item->uses(Field::username); });
}

std::vector<std::string> GroupRules::fixed_names() const {
  std::vector<std::string> names;
  for (const auto& item : items_) {
    const bool is_fixed =
        std::all_of(item->name.begin(), item->name.end(), [](const auto& piece) { return piece.field == Field::text; });
    if (is_fixed) names.push_back(item->name_template);
  }
  return names;
}

bool GroupRules::has_template(const std::string& name_template) const {
  return std::any_of(items_.begin(), items_.end(),
                     [&](const auto& item) { return item->name_template == name_template; });
}

std::shared_ptr<const GroupRules> ProcessGroups::parse(YamlMap& config) {
  auto rules = std::make_shared<GroupRules>();
  if (auto items = config.maps("process_names")) {
    for (auto& item : *items) rules->add(item);
  }
  return rules;
}

void ProcessGroups::set(std::shared_ptr<const GroupRules> rules) {
  const std::lock_guard lock{mutex_};
  rules_ = std::move(rules);
}

std::shared_ptr<const GroupRules> ProcessGroups::get() const {
  const std::lock_guard lock{mutex_};
  return rules_;
}

}  // namespace binnacle::system
