// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "json_text.h"

namespace binnacle::breaker {

/// A number of Envoy's, none of which is negative or beyond 64 bits: proto3's JSON writes those as a text, Envoy's own
/// printers as a number. Nothing when `value` is null or neither.
inline std::optional<double> envoy_number(const Json* value) {
  constexpr double kMost = 18446744073709551615.0;
  if (value != nullptr && value->is_string()) {
    const auto whole = to_u64(value->get_ref<const std::string&>());
    return whole ? std::optional{static_cast<double>(*whole)} : std::nullopt;
  }
  const auto number = number_of(value);
  return number && *number >= 0 && *number <= kMost ? number : std::nullopt;
}

}  // namespace binnacle::breaker
