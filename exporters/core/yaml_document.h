// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "strict_yaml.h"

/// What stands behind YamlMap: a parsed document with the line of each value.
namespace binnacle::yaml {

inline constexpr std::size_t kSizeLimit = std::size_t{1} << 20U;
inline constexpr std::size_t kDepthLimit = 64;

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
  std::string name;         ///< the file's, for messages
  std::vector<Node> nodes;  ///< the last one is the mapping at the top

  /// `line` 0: none is known.
  [[nodiscard]] ConfigError error(int line, const std::string& path, const std::string& what) const;
};

/// Parses one document, as YamlMap::from_text says. Throws ConfigError.
std::shared_ptr<const Document> parse(std::string_view text, const std::string& name);

/// The path of a key in the mapping at `path`, fit to be shown.
std::string child_path(const std::string& path, std::string_view key);
/// The path of an item in the list at `path`.
std::string item_path(const std::string& path, std::size_t index);

}  // namespace binnacle::yaml
