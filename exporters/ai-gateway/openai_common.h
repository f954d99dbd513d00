// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol_common.h"

namespace binnacle::gateway {

/// What chat completions, completions and embeddings tell in the same words, with those of some compatible servers.
inline constexpr auto kOpenaiParts =
    joined(kErrorParts,
           std::array{PartPath{"usage.prompt_tokens", Part::input}, PartPath{"usage.completion_tokens", Part::output},
                      PartPath{"usage.total_tokens", Part::total},
                      PartPath{"usage.prompt_cache_hit_tokens", Part::cached_input},
                      PartPath{"usage.cached_tokens", Part::cached_input},
                      PartPath{"usage.prompt_tokens_details.cached_tokens", Part::cached_input},
                      PartPath{"usage.prompt_tokens_details.cache_write_tokens", Part::cache_write},
                      PartPath{"usage.completion_tokens_details.reasoning_tokens", Part::reasoning},
                      PartPath{"model", Part::model}, PartPath{"service_tier", Part::service_tier}});

/// Counts of all of OpenAI's operations. `output` is what the reply says, and only where it does not, total - input:
/// a total that is larger (hidden tokens) is not billed by us. But where it is larger by just the reasoning tokens, the
/// server does not count those among the completion's, and they are added.
std::optional<Usage> normalise_openai(const UsageFields& fields);

/// The protocol of chat/completions and completions, which stream chunks that tell their usage only if asked.
class OpenaiChunks : public TableProtocol {
 public:
  [[nodiscard]] Dialect dialect() const override { return Dialect::openai; }
  [[nodiscard]] RequestFacts read_request(std::string_view body) const override;
  [[nodiscard]] std::optional<std::string> ask_for_usage(std::string_view body) const override;
  [[nodiscard]] std::optional<std::string> strip_usage(std::string_view data) const override;
  FrameKind read_frame(std::string_view event, std::string_view data, bool begun, ReplyFacts& facts) const override;
  [[nodiscard]] std::optional<Usage> normalise(const UsageFields& fields) const override;

 protected:
  /// `chunks`: kOpenaiParts, and where content stands.
  explicit OpenaiChunks(PartTable chunks);

  [[nodiscard]] bool is_plain(std::string_view event, std::string_view data) const override;
  FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const override;
};

}  // namespace binnacle::gateway
