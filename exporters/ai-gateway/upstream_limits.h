// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace binnacle::gateway {

/// What an upstream limits. The label `kind`.
enum class LimitKind : std::uint8_t { requests, tokens, input_tokens, output_tokens };
inline constexpr std::size_t kLimitKindCount = 4;
inline constexpr std::array kLimitKinds{LimitKind::requests, LimitKind::tokens, LimitKind::input_tokens,
                                        LimitKind::output_tokens};
std::string_view name_of(LimitKind kind);

/// The rate limits that a provider's reply told last, of OpenAI's x-ratelimit-* and Anthropic's anthropic-ratelimit-*.
struct UpstreamLimits {
  struct Limit {
    std::optional<double> limit;
    std::optional<double> remaining;
    std::optional<std::chrono::system_clock::time_point> reset;  ///< when it is whole again
  };
  std::array<Limit, kLimitKindCount> kinds{};

  /// Takes a reply's header where it is one of these; the name in any case. False for any other header, and for a value
  /// that cannot be read.
  bool take(std::string_view name, std::string_view value, std::chrono::system_clock::time_point now);
};

/// "6m0s", "17ms", "1.5s", "1h2m3.5s": Go's durations. Nothing for any other text.
std::optional<std::chrono::milliseconds> parse_go_duration(std::string_view text);

}  // namespace binnacle::gateway
