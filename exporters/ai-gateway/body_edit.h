// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "json_scan.h"

namespace binnacle::gateway {

/// The body with what stands at `at` replaced by `text`. All other bytes stay.
std::string with_text(std::string_view body, Span at, std::string_view text);

/// The body with the string at `at` replaced by `value`, quoted and escaped. All other bytes stay.
std::string with_string(std::string_view body, Span at, std::string_view value);

/// The body with the member whose key and value stand there cut out, together with one comma.
std::string without_member(std::string_view body, Span key, Span value);

/// `text` as a JSON string, with its quotes. Bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace binnacle::gateway
