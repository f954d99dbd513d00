// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle {

/// A config file's fault, in one line: file:line, the key's path, what was wrong and what was expected.
class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A YAML mapping that is read key by key, and complains of every key that nobody read.
///
/// Keys are named by their path in messages (`health.checks.memory.warn`). Getters return nothing when the key is
/// absent or null, and throw ConfigError when the value is of another type. Values are never printed: they may be
/// secrets. Types are YAML 1.2's: `yes` and "true" in quotes are texts, 010 is ten; merge keys (<<) are keys like any
/// other. Copies share one state.
class YamlMap {
 public:
  /// Parses a file. An empty file is an empty mapping. Throws ConfigError: unreadable file, bad YAML with its line,
  /// duplicate keys, a document that is no mapping, a second document, more than 1 MiB or 64 levels.
  static YamlMap from_file(const std::string& path);
  /// The same from text; `name` stands for the file in messages.
  static YamlMap from_text(std::string_view text, const std::string& name);

  std::optional<std::string> text(const std::string& key);  ///< any scalar, as it is written
  std::optional<bool> boolean(const std::string& key);
  std::optional<double> number(const std::string& key);
  std::optional<long> integer(const std::string& key);
  std::optional<std::chrono::milliseconds> duration(const std::string& key);
  std::optional<std::vector<std::string>> texts(const std::string& key);  ///< a list of scalars
  std::optional<YamlMap> map(const std::string& key);
  std::optional<std::vector<YamlMap>> maps(const std::string& key);  ///< a list of mappings
  /// The keys of this mapping in the file's order, for mappings whose keys are names of the user's.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// A ConfigError about `key` (or about the mapping itself when `key` is empty) with its file and line.
  [[nodiscard]] ConfigError error(const std::string& key, const std::string& what) const;

  /// Throws ConfigError for the first key that no getter asked for, in this mapping or one taken from it: names
  /// the key, its line and the keys that are known there.
  void finish() const;

 private:
  struct State;
  explicit YamlMap(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace binnacle
