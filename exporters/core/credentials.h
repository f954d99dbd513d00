// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "secret.h"

namespace binnacle {

class YamlMap;

/// A target's password, and where it comes from.
class Password {
 public:
  /// Takes the password out of the text of a file that holds more.
  using Extract = std::function<std::string(const std::string& text)>;

  static Password from_text(std::string text) { return {Secret::from_text(std::move(text)), "text", nullptr}; }
  /// Reads the file again when it changes. Throws std::runtime_error as Secret::from_file does.
  static Password from_file(const std::string& path) { return {Secret::from_file(path), "file " + path, nullptr}; }
  /// As above; `what` names such files ("dsn").
  static Password from_file(const std::string& path, const std::string& what, Extract extract) {
    return {Secret::from_file(path), what + " " + path, std::move(extract)};
  }

  /// The password as it is now.
  [[nodiscard]] std::string reveal() const { return extract_ ? extract_(secret_.reveal()) : secret_.reveal(); }

  /// Whether both come from the same place; texts are not compared.
  bool operator==(const Password& other) const { return source_ == other.source_; }

 private:
  Password(Secret secret, std::string source, Extract extract)
      : secret_(std::move(secret)), source_(std::move(source)), extract_(std::move(extract)) {}
  Secret secret_;
  std::string source_;
  Extract extract_;
};

/// As whom to log in.
struct Credentials {
  std::string user;  ///< empty: the server's default user, or whom the target itself names
  std::optional<Password> password;

  bool operator==(const Credentials&) const = default;
};

/// By the name that targets know them by.
using CredentialModules = std::map<std::string, Credentials>;

/// The config's section `credentials`: by name username, and password_file or password_env. Throws ConfigError.
CredentialModules parse_credentials(YamlMap& config);

/// The module that the key `credentials` of a target names; null where there is no such key. Throws ConfigError.
const Credentials* find_credentials(YamlMap& target, const CredentialModules& modules);

}  // namespace binnacle
