// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "credentials.h"
#include "strict_yaml.h"

namespace binnacle {

/// The value of an environment variable; null when it is not set.
using Environment = std::function<const char*(const char* name)>;

/// The variable's value; empty when it is not set.
inline std::string value_of(const Environment& environment, const char* name) {
  const char* const value = environment(name);
  return value == nullptr ? std::string{} : std::string{value};
}

/// The config's list `section`, whose items' credentials are in its section `credentials`. `parse` reads all of an item
/// but its name, which is Spec::name. Throws ConfigError, also where two have one name.
template <class Spec>
std::vector<Spec> parse_named_list(YamlMap& config, const std::string& section,
                                   Spec (*parse)(YamlMap&, const CredentialModules&)) {
  const auto modules = parse_credentials(config);
  std::vector<Spec> items;
  std::set<std::string> names;
  auto listed = config.maps(section);
  if (!listed) return items;
  for (auto& item : *listed) {
    const auto name = item.text("name").value_or("");
    if (name.empty()) throw item.error("name", "expected a name, which becomes a label");
    auto spec = parse(item, modules);
    spec.name = name;
    if (!names.insert(name).second) throw item.error("name", "another of " + section + " has this name");
    items.push_back(std::move(spec));
  }
  return items;
}

/// Throws std::runtime_error where two targets, of flags or of the config, have one name.
template <class Spec>
void check_names_differ(const std::vector<Spec>& targets) {
  std::set<std::string_view> names;
  for (const auto& target : targets) {
    if (!names.insert(target.name).second) {
      throw std::runtime_error("two targets are " + target.name + "; expected one, or names for them in --config.file");
    }
  }
}

}  // namespace binnacle
