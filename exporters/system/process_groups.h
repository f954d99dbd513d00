// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace binnacle {
class YamlMap;
}

namespace binnacle::system {

/// What rules may ask of a process.
struct ProcessFacts {
  std::string comm;                ///< the name in /proc/<pid>/stat, at most 15 bytes
  std::vector<std::string> words;  ///< the command line; may be empty
  std::string username;            ///< of the effective user; filled in only when GroupRules::uses_username()
};

/// The configured groups of processes: the list `process_names`, in the shape of process-exporter's config.
///
/// Items are tried in order, the first that matches names the process' group. Within an item every selector given must
/// match: one of `comm`, one of `exe` (the command line's first word: its whole path when the item has a slash, else
/// its last part), and all of `cmdline` (RE2 patterns, matched anywhere in the words joined by blanks).
class GroupRules {
 public:
  GroupRules();
  ~GroupRules();
  GroupRules(const GroupRules&) = delete;
  GroupRules& operator=(const GroupRules&) = delete;

  struct Match {
    std::string group;
    std::string name_template;  ///< of the item that matched
  };
  /// Nothing when no item matches, or when the name comes out empty.
  [[nodiscard]] std::optional<Match> match(const ProcessFacts& process) const;

  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] bool uses_username() const;
  /// The names without a {{...}} in them: groups that are known before a process of theirs is seen.
  [[nodiscard]] std::vector<std::string> fixed_names() const;
  /// Whether an item has this name.
  [[nodiscard]] bool has_template(const std::string& name_template) const;

 private:
  friend class ProcessGroups;
  struct Item;
  void add(YamlMap& config);
  std::vector<std::unique_ptr<Item>> items_;
};

/// Holds the rules in force: the config's reader sets them, the collector takes them, on different threads.
class ProcessGroups {
 public:
  /// Reads the list `process_names`; absent is no rules. Throws ConfigError that names the key and its line: an item
  /// without a selector, a bad pattern, a field in a name that is unknown or would make a group of each process.
  static std::shared_ptr<const GroupRules> parse(YamlMap& config);

  void set(std::shared_ptr<const GroupRules> rules);
  [[nodiscard]] std::shared_ptr<const GroupRules> get() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const GroupRules> rules_ = std::make_shared<const GroupRules>();
};

}  // namespace binnacle::system
