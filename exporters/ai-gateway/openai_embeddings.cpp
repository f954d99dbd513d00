// SPDX-License-Identifier: Apache-2.0
// POST /v1/embeddings. Its replies are large and never streamed.
#include "openai_common.h"

namespace binnacle::gateway {

namespace {

constexpr auto kRows = joined(kOpenaiParts, std::array{PartPath{"type", Part::type}});
constexpr auto kPaths = paths_of(kRows);
constexpr auto kReplyPaths = paths_of(kOpenaiParts);

class OpenaiEmbeddings final : public UnaskedProtocol {
 public:
  OpenaiEmbeddings() : UnaskedProtocol({kRows, kPaths}, {kOpenaiParts, kReplyPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::embeddings; }
  [[nodiscard]] Dialect dialect() const override { return Dialect::openai; }

  [[nodiscard]] RequestFacts read_request(std::string_view body) const override {
    static constexpr std::array kAsks{AskPath{"model", Ask::model}, AskPath{"stream", Ask::stream}};
    auto facts = read_asks(kAsks, body);
    require_model(facts);
    facts.usage_asked = true;
    facts.max_output = 0;
    return facts;
  }

  /// All tokens are the input's, also where a server tells a total alone.
  [[nodiscard]] std::optional<Usage> normalise(const UsageFields& fields) const override {
    if (!fields.input && !fields.total) return std::nullopt;
    Usage usage;
    usage.input = fields.input ? *fields.input : *fields.total;
    usage.cached_input = fields.cached_input.value_or(0);
    usage.cache_write_5m = fields.cache_write.value_or(0);
    return clamped(usage);
  }

 protected:
  FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const override {
    if (seen.usage) facts.usage_final = true;
    if (is_error(event, seen)) return fail(facts, seen);
    return seen.usage ? FrameKind::content : FrameKind::lifecycle;
  }
};

}  // namespace

const Protocol& openai_embeddings() {
  static const OpenaiEmbeddings protocol;
  return protocol;
}

}  // namespace binnacle::gateway
