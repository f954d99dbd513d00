// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace binnacle::breaker {

using Json = nlohmann::json;

/// A page has fewer of either, and without a bound 16 MB of "[[[[" or "[],[]," would take a hundred times the memory.
inline constexpr int kJsonDepthLimit = 64;
inline constexpr std::size_t kJsonValueLimit = 1'000'000;

/// Parses a whole text of JSON, which has to be UTF-8. Of two keys of one name the last counts. Throws SourceError
/// (bad_reply; too_large beyond the limits) with a message that repeats nothing of the text.
Json read_json(std::string_view text);

/// The member `key` of an object. Null when there is none, when it is JSON's null, or where `value` is no object.
const Json* find_member(const Json& value, std::string_view key);

/// Nothing when `value` is null or no string.
std::optional<std::string> text_of(const Json* value);

/// Nothing when `value` is null, no number, or no finite one. Integers beyond 2^53 are rounded.
std::optional<double> number_of(const Json* value);

}  // namespace binnacle::breaker
