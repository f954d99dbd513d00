// SPDX-License-Identifier: Apache-2.0
#include "redis_glob.h"

#include <algorithm>

namespace binnacle::cache {

namespace {

std::size_t index_of(char byte) { return static_cast<unsigned char>(byte); }

}  // namespace

RedisGlob::RedisGlob(std::string_view pattern) {
  while (!pattern.empty()) {
    const char byte = pattern.front();
    if (byte == '*') {
      if (tokens_.empty() || !tokens_.back().star) tokens_.push_back({true});
    } else if (byte == '?') {
      tokens_.push_back({false, Bytes{}.set()});
    } else if (byte == '[') {
      add_set(pattern);
      continue;
    } else {
      if (byte == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
      if (tokens_.empty()) {
        prefix_ += pattern.front();
      } else {
        tokens_.push_back({false, Bytes{}.set(index_of(pattern.front()))});
      }
    }
    pattern.remove_prefix(1);
  }
  if (tokens_.empty()) literal_ = prefix_;
}

/// As the server does it: an empty set matches nothing, one without its ']' ends with the pattern, and the end of a
/// range may be any byte, ']' too.
void RedisGlob::add_set(std::string_view& rest) {
  rest.remove_prefix(1);
  const bool inverted = rest.starts_with('^');
  if (inverted) rest.remove_prefix(1);
  Bytes bytes;
  while (!rest.empty() && rest.front() != ']') {
    if (rest.front() == '\\' && rest.size() > 1) {
      bytes.set(index_of(rest[1]));
      rest.remove_prefix(2);
    } else if (rest.size() > 2 && rest[1] == '-') {
      const auto [low, high] = std::minmax({index_of(rest[0]), index_of(rest[2])});
      for (auto byte = low; byte <= high; ++byte) bytes.set(byte);
      rest.remove_prefix(3);
    } else {
      bytes.set(index_of(rest.front()));
      rest.remove_prefix(1);
    }
  }
  if (!rest.empty()) rest.remove_prefix(1);
  tokens_.push_back({false, inverted ? ~bytes : bytes});
}

bool RedisGlob::matches(std::string_view key) const {
  if (!key.starts_with(prefix_)) return false;
  key.remove_prefix(prefix_.size());
  std::size_t token = 0;
  std::size_t at = 0;
  std::size_t after_star = tokens_.size() + 1;  // where to go on after the last star met; past the end: none was
  std::size_t star_end = 0;                     // up to where that star's text reaches
  while (at < key.size()) {
    if (token < tokens_.size() && tokens_[token].star) {
      after_star = ++token;
      star_end = at;
    } else if (token < tokens_.size() && tokens_[token].bytes.test(index_of(key[at]))) {
      ++token;
      ++at;
    } else if (after_star <= tokens_.size()) {
      token = after_star;
      at = ++star_end;
    } else {
      return false;
    }
  }
  while (token < tokens_.size() && tokens_[token].star) ++token;
  return token == tokens_.size();
}

}  // namespace binnacle::cache
