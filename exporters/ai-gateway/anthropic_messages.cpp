// SPDX-License-Identifier: Apache-2.0
// POST /v1/messages. Usage comes in parts, at a stream's start and end, each count for itself: the last one counts.
#include <algorithm>

#include "protocol_common.h"

namespace binnacle::gateway {

namespace {

constexpr auto kReplyRows = joined(
    kErrorParts, std::array{PartPath{"usage.input_tokens", Part::input}, PartPath{"usage.output_tokens", Part::output},
                            PartPath{"usage.cache_read_input_tokens", Part::cached_input},
                            PartPath{"usage.cache_creation_input_tokens", Part::cache_write},
                            PartPath{"usage.cache_creation.ephemeral_5m_input_tokens", Part::cache_write_5m},
                            PartPath{"usage.cache_creation.ephemeral_1h_input_tokens", Part::cache_write_1h},
                            PartPath{"usage.output_tokens_details.thinking_tokens", Part::reasoning},
                            PartPath{"usage.output_tokens_details.reasoning_tokens", Part::reasoning},
                            PartPath{"usage.service_tier", Part::service_tier}, PartPath{"model", Part::model}});
constexpr auto kReplyPaths = paths_of(kReplyRows);

constexpr auto kRows = joined(
    kReplyRows,
    std::array{PartPath{"type", Part::type}, PartPath{"message.usage.input_tokens", Part::input},
               PartPath{"message.usage.output_tokens", Part::output},
               PartPath{"message.usage.cache_read_input_tokens", Part::cached_input},
               PartPath{"message.usage.cache_creation_input_tokens", Part::cache_write},
               PartPath{"message.usage.cache_creation.ephemeral_5m_input_tokens", Part::cache_write_5m},
               PartPath{"message.usage.cache_creation.ephemeral_1h_input_tokens", Part::cache_write_1h},
               PartPath{"message.usage.service_tier", Part::service_tier}, PartPath{"message.model", Part::model},
               PartPath{"delta.stop_reason", Part::finish}, PartPath{"content_block.type", Part::block_type},
               PartPath{"content_block.text", Part::content}, PartPath{"content_block.thinking", Part::content}});
constexpr auto kPaths = paths_of(kRows);

constexpr std::string_view kDelta = "content_block_delta";

class AnthropicMessages final : public UnaskedProtocol {
 public:
  AnthropicMessages() : UnaskedProtocol({kRows, kPaths}, {kReplyRows, kReplyPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::messages; }
  [[nodiscard]] Dialect dialect() const override { return Dialect::anthropic; }

  [[nodiscard]] RequestFacts read_request(std::string_view body) const override {
    static constexpr std::array kAsks{AskPath{"model", Ask::model}, AskPath{"stream", Ask::stream},
                                      AskPath{"max_tokens", Ask::max_output}, AskPath{"container", Ask::bound}};
    auto facts = read_asks(kAsks, body);
    require_model(facts);
    facts.usage_asked = true;
    return facts;
  }

  /// Anthropic counts what was read from the cache and written to it beside the input, not within it.
  [[nodiscard]] std::optional<Usage> normalise(const UsageFields& fields) const override {
    const bool no_input = !fields.input && !fields.cached_input && !fields.cache_write;
    if (no_input && !fields.output) return std::nullopt;
    Usage usage;
    usage.cached_input = fields.cached_input.value_or(0);
    const auto short_writes = fields.cache_write_5m.value_or(0);
    const auto long_writes = fields.cache_write_1h.value_or(0);
    const auto named = add_counts(short_writes, long_writes);
    const auto written = fields.cache_write.value_or(named);
    usage.cache_write_1h = std::min(long_writes, written);
    usage.cache_write_5m = written - usage.cache_write_1h;
    usage.input = add_counts(fields.input.value_or(0), add_counts(usage.cached_input, written));
    usage.output = fields.output.value_or(0);
    usage.reasoning = fields.reasoning.value_or(0);
    return clamped(usage);
  }

 protected:
  [[nodiscard]] bool is_plain(std::string_view event, std::string_view data) const override {
    return event == kDelta && !may_fail(data) && !may_have(data, "usage");
  }

  FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const override {
    const std::string_view type = event.empty() ? std::string_view{seen.type} : event;
    if (type == "message_delta") {
      facts.choices_ended += seen.finished;
      if (seen.usage && facts.usage.output) facts.usage_final = true;
    }
    if (is_error(event, seen)) return fail(facts, seen);
    if (type == "message_stop") {
      facts.ended = true;
      return FrameKind::end;
    }
    if (type == kDelta) return FrameKind::content;
    // Blocks of text and thinking begin empty. All others have what the client waits for in their start: a tool's name,
    // a search's results, redacted thoughts.
    const bool empty_block = seen.block_type.empty() || seen.block_type == "text" || seen.block_type == "thinking";
    if (type == "content_block_start" && (seen.content || !empty_block)) return FrameKind::content;
    return FrameKind::lifecycle;
  }
};

}  // namespace

const Protocol& anthropic_messages() {
  static const AnthropicMessages protocol;
  return protocol;
}

}  // namespace binnacle::gateway
