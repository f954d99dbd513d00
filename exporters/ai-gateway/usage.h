// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace binnacle::gateway {

/// Token counts as a provider's reply names them. Within one reply each field's last value that is no null wins; they
/// are never added up, since providers repeat cumulative counts.
struct UsageFields {
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> output;
  std::optional<std::uint64_t> total;
  std::optional<std::uint64_t> cached_input;    ///< read from the provider's cache
  std::optional<std::uint64_t> cache_write;     ///< written to it, of whatever lifetime
  std::optional<std::uint64_t> cache_write_5m;  ///< of those, for 5 minutes
  std::optional<std::uint64_t> cache_write_1h;  ///< and for an hour
  std::optional<std::uint64_t> reasoning;       ///< thoughts
  std::optional<std::uint64_t> tool_input;      ///< Gemini's toolUsePromptTokenCount
};

/// Token counts with one meaning for all providers, which is OpenTelemetry's: `input` has the cached and the
/// cache-written ones in it, `output` has the reasoning ones in it.
struct Usage {
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  std::uint64_t cached_input = 0;
  std::uint64_t cache_write_5m = 0;  ///< those of no known lifetime, too: it is the providers' default
  std::uint64_t cache_write_1h = 0;
  std::uint64_t reasoning = 0;

  [[nodiscard]] std::uint64_t cache_write() const { return cache_write_5m + cache_write_1h; }
  bool operator==(const Usage&) const = default;
};

/// How far a request's token counts can be trusted.
enum class UsageSource : std::uint8_t {
  reported,   ///< the provider's own, final ones
  estimated,  ///< from sizes, or the provider's up to where the answer broke off
  missing,    ///< nothing is known; nothing was counted
};

}  // namespace binnacle::gateway
