// SPDX-License-Identifier: Apache-2.0
// POST /v1/responses. Its streams are of named events, and end with one of the whole response and its usage.
#include "openai_common.h"

namespace binnacle::gateway {

namespace {

constexpr auto kReplyRows = joined(
    kErrorParts, std::array{PartPath{"usage.input_tokens", Part::input}, PartPath{"usage.output_tokens", Part::output},
                            PartPath{"usage.total_tokens", Part::total},
                            PartPath{"usage.input_tokens_details.cached_tokens", Part::cached_input},
                            PartPath{"usage.input_tokens_details.cache_write_tokens", Part::cache_write},
                            PartPath{"usage.output_tokens_details.reasoning_tokens", Part::reasoning},
                            PartPath{"model", Part::model}, PartPath{"service_tier", Part::service_tier}});
constexpr auto kReplyPaths = paths_of(kReplyRows);

/// An event `error` has its code at the top; that of response.failed is the response's.
constexpr auto kRows = joined(
    kErrorParts,
    std::array{PartPath{"type", Part::type}, PartPath{"code", Part::error_code},
               PartPath{"response.error.type", Part::error_type}, PartPath{"response.error.code", Part::error_code},
               PartPath{"response.usage.input_tokens", Part::input},
               PartPath{"response.usage.output_tokens", Part::output},
               PartPath{"response.usage.total_tokens", Part::total},
               PartPath{"response.usage.input_tokens_details.cached_tokens", Part::cached_input},
               PartPath{"response.usage.input_tokens_details.cache_write_tokens", Part::cache_write},
               PartPath{"response.usage.output_tokens_details.reasoning_tokens", Part::reasoning},
               PartPath{"response.model", Part::model}, PartPath{"response.service_tier", Part::service_tier}});
constexpr auto kPaths = paths_of(kRows);

/// Text, reasoning, arguments, audio, code and refusals all come as deltas; a picture as ever better ones.
bool is_content(std::string_view type) {
  return type.starts_with("response.") && (type.ends_with(".delta") || type.ends_with(".partial_image"));
}

class OpenaiResponses final : public UnaskedProtocol {
 public:
  OpenaiResponses() : UnaskedProtocol({kRows, kPaths}, {kReplyRows, kReplyPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::responses; }
  [[nodiscard]] Dialect dialect() const override { return Dialect::openai; }

  [[nodiscard]] RequestFacts read_request(std::string_view body) const override {
    static constexpr std::array kAsks{AskPath{"model", Ask::model},
                                      AskPath{"stream", Ask::stream},
                                      AskPath{"max_output_tokens", Ask::max_output},
                                      AskPath{"background", Ask::background},
                                      AskPath{"previous_response_id", Ask::bound},
                                      AskPath{"conversation", Ask::bound}};
    auto facts = read_asks(kAsks, body);
    require_model(facts);
    facts.usage_asked = true;
    return facts;
  }

  [[nodiscard]] std::optional<Usage> normalise(const UsageFields& fields) const override {
    return normalise_openai(fields);
  }

 protected:
  [[nodiscard]] bool is_plain(std::string_view event, std::string_view data) const override {
    return is_content(event) && !may_fail(data) && !may_have(data, "usage");
  }

  FrameKind kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const override {
    const std::string_view type = event.empty() ? std::string_view{seen.type} : event;
    const bool failed = type == "response.failed";
    const bool ended = type == "response.completed" || type == "response.incomplete" || type == "response.cancelled";
    if (seen.usage && (failed || ended)) facts.usage_final = true;
    if (failed || is_error(event, seen)) return fail(facts, seen);
    if (ended) {
      facts.ended = true;
      ++facts.choices_ended;
      return FrameKind::end;
    }
    return is_content(type) ? FrameKind::content : FrameKind::lifecycle;
  }
};

}  // namespace

const Protocol& openai_responses() {
  static const OpenaiResponses protocol;
  return protocol;
}

}  // namespace binnacle::gateway
