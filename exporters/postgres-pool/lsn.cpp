// SPDX-License-Identifier: Apache-2.0
#include "lsn.h"

#include "core/text.h"

namespace binnacle::pgpool {

std::optional<double> lsn_bytes(std::string_view text) {
  constexpr int kHex = 16;
  constexpr double kHighUnit = 4'294'967'296;  // 2^32
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = to_u64(text.substr(0, slash), kHex);
  const auto low = to_u64(text.substr(slash + 1), kHex);
  if (!high || !low) return std::nullopt;
  return static_cast<double>(*high) * kHighUnit + static_cast<double>(*low);
}

}  // namespace binnacle::pgpool
