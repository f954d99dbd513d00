// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

/// What secrets look like, and where they end: the parts of mask_secrets() that know nothing of names and headers.
namespace binnacle::mask {

using std::size_t;
inline constexpr size_t kNone = std::string_view::npos;
/// How far a name (of a key, of a scheme) is looked at.
inline constexpr size_t kNameLimit = 64;

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_alnum(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }
inline bool is_word(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }
inline bool is_blank(char c) { return c == ' ' || c == '\t'; }
/// Ends a token: white space and other control bytes.
inline bool is_gap(char c) { return static_cast<unsigned char>(c) <= ' '; }
inline bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }
inline char lower(char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

inline bool is_key_char(char c) { return is_alnum(c) || c == '_' || c == '-'; }

struct Span {
  size_t begin;
  size_t end;
};

/// Past the blanks at `at`, a few at most.
size_t skip_blanks(std::string_view text, size_t at);

/// Past the letters, digits, - and _ at `at`.
size_t key_chars_end(std::string_view text, size_t at);

/// Whether a quote at `at` closes what surrounds a value: `password=x",` does, `password=a"b` does not.
bool closes(std::string_view text, size_t at);

/// Whether `name=` or `"name":` stands at `at`.
bool starts_pair(std::string_view text, size_t at);

/// What a key's value takes up, without its quotes. Empty when there is none.
Span value_at(std::string_view text, size_t at);

/// A secret in a sentence tells itself from the sentence's next word.
bool looks_random(std::string_view text);

/// Where a well-known API key that begins at `at` ends; kNone when there is none.
size_t api_key_end(std::string_view text, size_t at);

/// Where the base64 of "user:password" that begins at `at` ends, as after "Basic"; kNone when it is none.
size_t basic_credential_end(std::string_view text, size_t at);

/// Where the bcrypt hash that begins at `at` ends ($2b$12$ and 53 characters); kNone when it is none.
size_t bcrypt_end(std::string_view text, size_t at);

}  // namespace binnacle::mask
