// SPDX-License-Identifier: Apache-2.0
// POST …/models/M:embedContent and :batchEmbedContents. Older models tell no usage.
#include "gemini_common.h"

namespace binnacle::gateway {

namespace {

constexpr auto kPaths = paths_of(kGeminiParts);

class GeminiEmbed final : public UnaskedProtocol {
 public:
  GeminiEmbed() : UnaskedProtocol({kGeminiParts, kPaths}, {kGeminiParts, kPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::embed_content; }
  [[nodiscard]] Dialect dialect() const override { return Dialect::gemini; }

  [[nodiscard]] RequestFacts read_request(std::string_view body) const override {
    auto facts = read_asks({}, body);
    facts.usage_asked = true;
    facts.max_output = 0;
    return facts;
  }

  [[nodiscard]] std::string with_model(std::string_view body, const RequestFacts& /*facts*/,
                                       std::string_view model) const override {
    return with_gemini_model(body, model);
  }

  [[nodiscard]] std::optional<Usage> normalise(const UsageFields& fields) const override {
    if (!fields.input && !fields.total) return std::nullopt;
    Usage usage;
    usage.input = fields.input ? *fields.input : *fields.total;
    usage.cached_input = fields.cached_input.value_or(0);
    return clamped(usage);
  }

 protected:
  FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const override {
    if (seen.usage) facts.usage_final = true;
    if (is_error(event, seen)) return fail(facts, seen);
    return seen.whole ? FrameKind::content : FrameKind::lifecycle;
  }
};

}  // namespace

const Protocol& gemini_embed() {
  static const GeminiEmbed protocol;
  return protocol;
}

}  // namespace binnacle::gateway
