// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct crypt_data;

namespace binnacle {

/// The cost of a bcrypt hash ($2a$, $2b$ or $2y$), from 4 to 31; nothing when the text is no such hash. Pure.
std::optional<int> bcrypt_cost(std::string_view hash);

/// The user and the password of an Authorization header, or nothing when it is not a valid "Basic" one. Pure.
std::optional<std::pair<std::string, std::string>> parse_basic_credentials(std::string_view header);

/// Checks Authorization headers against bcrypt hashes.
///
/// bcrypt is slow by intent, so that results are kept for up to kCacheSize combinations of user, hash and password;
/// the kept keys are digests under a random key, never passwords. An unknown user costs as much as a known one. Safe
/// for use by several threads; one bcrypt runs at a time.
class BasicAuth {
 public:
  using Users = std::map<std::string, std::string, std::less<>>;  ///< name to bcrypt hash
  static constexpr std::size_t kCacheSize = 100;

  BasicAuth();
  ~BasicAuth();
  BasicAuth(const BasicAuth&) = delete;
  BasicAuth& operator=(const BasicAuth&) = delete;

  /// Whether `authorization` names one of `users` with its password. `users` may differ from call to call.
  bool check(const Users& users, std::string_view authorization);

  /// For tests: how many results are kept, and how often bcrypt ran.
  [[nodiscard]] std::size_t cached() const;
  [[nodiscard]] std::size_t computed() const;

 private:
  using Digest = std::array<unsigned char, 32>;

  Digest digest(std::initializer_list<std::string_view> parts) const;
  std::optional<bool> look_up(const Digest& key) const;
  void keep(const Digest& key, bool result);
  bool bcrypt_matches(const std::string& password, const std::string& hash);

  std::array<unsigned char, 32> random_key_{};
  mutable std::mutex cache_mutex_;
  std::map<Digest, bool> cache_;
  std::size_t computed_ = 0;
  std::mutex bcrypt_mutex_;
  std::unique_ptr<crypt_data> crypt_data_;
};

}  // namespace binnacle
