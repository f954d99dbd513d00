// SPDX-License-Identifier: Apache-2.0
#include "credentials.h"

#include <cstdlib>
#include <stdexcept>

#include "strict_yaml.h"

namespace binnacle {

namespace {

std::optional<Password> parse_password(YamlMap& module) {
  const auto file = module.text("password_file");
  const auto variable = module.text("password_env");
  if (file && variable) throw module.error("password_env", "excludes password_file");
  if (file) {
    try {
      return Password::from_file(*file);
    } catch (const std::runtime_error& error) {
      throw module.error("password_file", error.what());
    }
  }
  if (!variable) return std::nullopt;
  const char* const value = std::getenv(variable->c_str());
  if (value == nullptr || *value == '\0') throw module.error("password_env", "no such environment variable is set");
  return Password::from_text(value);
}

}  // namespace

CredentialModules parse_credentials(YamlMap& config) {
  CredentialModules modules;
  auto section = config.map("credentials");
  if (!section) return modules;
  for (const auto& name : section->keys()) {
    auto module = section->map(name);
    if (!module) throw section->error(name, "expected username, and password_file or password_env");
    modules[name] = {module->text("username").value_or(""), parse_password(*module)};
  }
  return modules;
}

const Credentials* find_credentials(YamlMap& target, const CredentialModules& modules) {
  const auto wanted = target.text("credentials");
  if (!wanted) return nullptr;
  const auto module = modules.find(*wanted);
  if (module == modules.end()) throw target.error("credentials", "expected a name that the section credentials has");
  return &module->second;
}

}  // namespace binnacle
