// SPDX-License-Identifier: Apache-2.0
// POST …/models/M:generateContent and :streamGenerateContent. The path names the model, and every frame has usage,
// which counts from the stream's start.
#include <algorithm>

#include "gemini_common.h"

namespace binnacle::gateway {

namespace {

/// The elements of the array that is streamed without alt=sse, where it is read as a whole.
constexpr auto kReplyRows =
    joined(kGeminiParts, std::array{PartPath{"*.error", Part::error}, PartPath{"*.error.status", Part::error_type},
                                    PartPath{"*.error.code", Part::error_code},
                                    PartPath{"*.error.details.*.retryDelay", Part::retry_delay},
                                    PartPath{"*.usageMetadata.promptTokenCount", Part::input},
                                    PartPath{"*.usageMetadata.candidatesTokenCount", Part::output},
                                    PartPath{"*.usageMetadata.totalTokenCount", Part::total},
                                    PartPath{"*.usageMetadata.cachedContentTokenCount", Part::cached_input},
                                    PartPath{"*.usageMetadata.thoughtsTokenCount", Part::reasoning},
                                    PartPath{"*.usageMetadata.toolUsePromptTokenCount", Part::tool_input},
                                    PartPath{"*.modelVersion", Part::model}});
constexpr auto kReplyPaths = paths_of(kReplyRows);

constexpr auto kRows =
    joined(kGeminiParts, std::array{PartPath{"candidates.*.finishReason", Part::finish},
                                    PartPath{"promptFeedback.blockReason", Part::finish},
                                    PartPath{"candidates.*.content.parts.*.text", Part::content},
                                    PartPath{"candidates.*.content.parts.*.functionCall", Part::content},
                                    PartPath{"candidates.*.content.parts.*.functionResponse", Part::content},
                                    PartPath{"candidates.*.content.parts.*.inlineData", Part::content},
                                    PartPath{"candidates.*.content.parts.*.fileData", Part::content},
                                    PartPath{"candidates.*.content.parts.*.executableCode", Part::content},
                                    PartPath{"candidates.*.content.parts.*.codeExecutionResult", Part::content}});
constexpr auto kPaths = paths_of(kRows);

class GeminiGenerate final : public UnaskedProtocol {
 public:
  GeminiGenerate() : UnaskedProtocol({kRows, kPaths}, {kReplyRows, kReplyPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::generate_content; }
  [[nodiscard]] Dialect dialect() const override { return Dialect::gemini; }

  [[nodiscard]] RequestFacts read_request(std::string_view body) const override {
    // Google takes both spellings.
    static constexpr std::array kAsks{AskPath{"generationConfig.maxOutputTokens", Ask::max_output},
                                      AskPath{"generationConfig.max_output_tokens", Ask::max_output},
                                      AskPath{"generation_config.maxOutputTokens", Ask::max_output},
                                      AskPath{"generation_config.max_output_tokens", Ask::max_output},
                                      AskPath{"generationConfig.candidateCount", Ask::choices},
                                      AskPath{"generationConfig.candidate_count", Ask::choices},
                                      AskPath{"generation_config.candidateCount", Ask::choices},
                                      AskPath{"generation_config.candidate_count", Ask::choices},
                                      AskPath{"cachedContent", Ask::bound},
                                      AskPath{"cached_content", Ask::bound}};
    auto facts = read_asks(kAsks, body);
    facts.usage_asked = true;
    return facts;
  }

  [[nodiscard]] std::string with_model(std::string_view body, const RequestFacts& /*facts*/,
                                       std::string_view model) const override {
    return with_gemini_model(body, model);
  }

  /// Thoughts are counted beside the candidates, and what tools add beside the prompt; the prompt has the cached ones
  /// in it.
  [[nodiscard]] std::optional<Usage> normalise(const UsageFields& fields) const override {
    if (!fields.input && !fields.output && !fields.reasoning) return std::nullopt;
    Usage usage;
    const auto total = fields.total.value_or(0);
    usage.reasoning = fields.reasoning.value_or(0);
    usage.input = add_counts(fields.input.value_or(0), fields.tool_input.value_or(0));
    usage.output = add_counts(fields.output.value_or(0), usage.reasoning);
    if (!fields.output && !fields.reasoning) usage.output = total - std::min(total, usage.input);
    if (!fields.input) usage.input = std::max(usage.input, total - std::min(total, usage.output));
    usage.cached_input = fields.cached_input.value_or(0);
    return clamped(usage);
  }

 protected:
  [[nodiscard]] bool is_plain(std::string_view event, std::string_view data) const override {
    return event != "error" && !may_fail(data) && !may_have(data, "usageMetadata") && !may_have(data, "finishReason") &&
           !may_have(data, "blockReason");
  }

  FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const override {
    facts.choices_ended += seen.finished;
    if (is_error(event, seen)) return fail(facts, seen);
    if (seen.finished > 0) facts.ended = true;
    if (seen.usage && facts.ended) facts.usage_final = true;
    if (seen.content) return FrameKind::content;
    return seen.finished > 0 ? FrameKind::end : FrameKind::lifecycle;
  }
};

}  // namespace

const Protocol& gemini_generate() {
  static const GeminiGenerate protocol;
  return protocol;
}

}  // namespace binnacle::gateway
