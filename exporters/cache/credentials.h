// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/secret.h"

namespace binnacle::cache {

/// A target's password, and where it comes from.
class Password {
 public:
  static Password from_text(std::string text) { return {Secret::from_text(std::move(text)), "text"}; }
  /// Reads the file again when it changes. Throws std::runtime_error as Secret::from_file does.
  static Password from_file(const std::string& path) { return {Secret::from_file(path), "file " + path}; }

  [[nodiscard]] std::string reveal() const { return secret_.reveal(); }

  /// Whether both come from the same place; texts are not compared.
  bool operator==(const Password& other) const { return source_ == other.source_; }

 private:
  Password(Secret secret, std::string source) : secret_(std::move(secret)), source_(std::move(source)) {}
  Secret secret_;
  std::string source_;
};

/// As whom to log in.
struct Credentials {
  std::string user;  ///< empty: the server's default user
  std::optional<Password> password;

  bool operator==(const Credentials&) const = default;
};

}  // namespace binnacle::cache
