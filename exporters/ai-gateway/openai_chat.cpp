// SPDX-License-Identifier: Apache-2.0
// POST /v1/chat/completions.
#include "openai_common.h"

namespace binnacle::gateway {

namespace {

/// The role's chunk has an empty content, and is none.
constexpr auto kRows = joined(
    kOpenaiParts,
    std::array{
        PartPath{"type", Part::type},
        // Groq's, which comes unasked with the last choice's chunk
        PartPath{"x_groq.usage.prompt_tokens", Part::input}, PartPath{"x_groq.usage.completion_tokens", Part::output},
        PartPath{"x_groq.usage.total_tokens", Part::total}, PartPath{"choices.*", Part::choice},
        PartPath{"choices.*.finish_reason", Part::finish}, PartPath{"choices.*.delta.content", Part::content},
        PartPath{"choices.*.delta.reasoning", Part::content},
        PartPath{"choices.*.delta.reasoning_content", Part::content},
        PartPath{"choices.*.delta.reasoning_details", Part::content},
        PartPath{"choices.*.delta.refusal", Part::content}, PartPath{"choices.*.delta.tool_calls", Part::content},
        PartPath{"choices.*.delta.function_call", Part::content}, PartPath{"choices.*.delta.audio", Part::content},
        PartPath{"choices.*.delta.images", Part::content}, PartPath{"choices.*.delta.annotations", Part::content},
        // a server that answers a stream with whole messages
        PartPath{"choices.*.message.content", Part::content}, PartPath{"choices.*.message.tool_calls", Part::content}});
constexpr auto kPaths = paths_of(kRows);

class OpenaiChat final : public OpenaiChunks {
 public:
  OpenaiChat() : OpenaiChunks({kRows, kPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::chat; }
};

}  // namespace

const Protocol& openai_chat() {
  static const OpenaiChat protocol;
  return protocol;
}

}  // namespace binnacle::gateway
