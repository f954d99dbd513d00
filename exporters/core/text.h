// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle {

/// Without the white space at both ends.
std::string_view trim(std::string_view text);

/// Takes the next line, without its newline, off the front of `rest`. Nothing when `rest` is empty.
std::optional<std::string_view> next_line(std::string_view& rest);

/// Takes the next field (ended by blanks or tabs) off the front of `rest`; empty when there is none.
std::string_view next_field(std::string_view& rest);

/// Takes what stands before `separator` off the front of `rest`, and the separator; all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator);

/// The whole of `text` as a number, or nothing: no sign of blanks, no trailing bytes.
std::optional<std::uint64_t> to_u64(std::string_view text, int base = 10);
std::optional<std::int64_t> to_i64(std::string_view text);
/// Also takes "inf", "+Inf" and "nan".
std::optional<double> to_double(std::string_view text);

/// As above, but throws std::runtime_error with `what` (the file and the field) and the text, cut to 40 bytes.
std::uint64_t require_u64(std::string_view text, std::string_view what);
double require_double(std::string_view text, std::string_view what);

bool is_ascii(std::string_view text);
/// Whether the bytes are valid UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
/// Valid text as it is; each invalid byte becomes U+FFFD.
std::string to_utf8(std::string_view text);

/// For messages: at most 40 bytes of `text`, control bytes shown as '?', in double quotes.
std::string quoted(std::string_view text);

}  // namespace binnacle
