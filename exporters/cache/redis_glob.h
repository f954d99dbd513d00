// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::cache {

/// A pattern of keys as Redis' own SCAN MATCH and KEYS read it: '*' any text, '?' any byte, "[a-z]" and "[^a]" one byte
/// of a set, '\' takes the next byte as it is. Case counts. Every text is a pattern.
class RedisGlob {
 public:
  explicit RedisGlob(std::string_view pattern);

  /// Whether the whole of `key` matches. Takes at most the product of both lengths, whatever the pattern.
  [[nodiscard]] bool matches(std::string_view key) const;
  /// The only key that the pattern matches, where it has no wildcards.
  [[nodiscard]] const std::optional<std::string>& literal() const { return literal_; }

 private:
  using Bytes = std::bitset<256>;
  /// One byte of a key, or any text.
  struct Token {
    bool star = false;
    Bytes bytes{};
  };
  void add_set(std::string_view& rest);

  std::vector<Token> tokens_;  // of what stands behind prefix_
  std::string prefix_;         // the plain bytes that the pattern begins with
  std::optional<std::string> literal_;
};

}  // namespace binnacle::cache
