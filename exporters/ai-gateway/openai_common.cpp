// SPDX-License-Identifier: Apache-2.0
#include "openai_common.h"

#include <algorithm>
#include <vector>

#include "body_edit.h"
#include "core/text.h"

namespace binnacle::gateway {

namespace {

constexpr auto kReplyPaths = paths_of(kOpenaiParts);

using Found = JsonScan::Found;

/// All values of one path, in their order.
std::vector<Found> values_of(const JsonScan& scan, std::size_t path) {
  std::vector<Found> values;
  for (const auto& value : scan.found()) {
    if (value.path == path) values.push_back(value);
  }
  return values;
}

}  // namespace

std::optional<Usage> normalise_openai(const UsageFields& fields) {
  if (!fields.input && !fields.output) return std::nullopt;
  const auto total = fields.total.value_or(0);
  Usage usage;
  usage.output = fields.output.value_or(0);
  usage.input = fields.input.value_or(total - std::min(total, usage.output));
  if (!fields.output) usage.output = total - std::min(total, usage.input);
  const auto reasoning = fields.reasoning.value_or(0);
  if (fields.input && fields.output && reasoning > 0 &&
      total == add_counts(add_counts(usage.input, usage.output), reasoning)) {
    usage.output = add_counts(usage.output, reasoning);
  }
  usage.cached_input = fields.cached_input.value_or(0);
  usage.cache_write_5m = fields.cache_write.value_or(0);
  usage.reasoning = reasoning;
  return clamped(usage);
}

OpenaiChunks::OpenaiChunks(PartTable chunks) : TableProtocol(chunks, {kOpenaiParts, kReplyPaths}) {}

RequestFacts OpenaiChunks::read_request(std::string_view body) const {
  static constexpr std::array kRows{AskPath{"model", Ask::model},
                                    AskPath{"stream", Ask::stream},
                                    AskPath{"stream_options.include_usage", Ask::include_usage},
                                    AskPath{"max_tokens", Ask::max_output},
                                    AskPath{"max_completion_tokens", Ask::max_output},
                                    AskPath{"n", Ask::choices},
                                    AskPath{"best_of", Ask::choices}};
  auto facts = read_asks(kRows, body);
  require_model(facts);
  return facts;
}

std::optional<std::string> OpenaiChunks::ask_for_usage(std::string_view body) const {
  constexpr std::array<std::string_view, 3> kPaths{"stream", "stream_options", "stream_options.include_usage"};
  constexpr std::string_view kMember = R"("include_usage":true)";
  JsonScan scan{kPaths, kValueLimit};
  if (scan.feed(body) != JsonScan::State::whole || !scan.end_bracket()) return std::nullopt;
  const auto streams = values_of(scan, 0);
  const auto options = values_of(scan, 1);
  const auto asked = values_of(scan, 2);
  if (streams.size() != 1 || streams[0].text != "true" || options.size() > 1 || asked.size() > 1) return std::nullopt;
  const std::string object = "{" + std::string{kMember} + "}";
  if (options.empty()) {
    const Span at{*scan.end_bracket(), *scan.end_bracket()};
    return with_text(body, at, R"(,"stream_options":)" + object);
  }
  if (options[0].text == "null") return with_text(body, options[0].value, object);
  if (body[options[0].value.begin] != '{') return std::nullopt;
  if (!asked.empty()) {
    if (asked[0].text == "true") return std::nullopt;
    return with_text(body, asked[0].value, "true");
  }
  const auto inside = options[0].value.begin + 1;
  return with_text(body, {inside, inside}, std::string{kMember} + (is_filled(options[0]) ? "," : ""));
}

std::optional<std::string> OpenaiChunks::strip_usage(std::string_view data) const {
  constexpr std::array<std::string_view, 3> kPaths{"usage", "choices.*", "error"};
  std::string kept{data};
  if (data.find("usage") == std::string_view::npos && data.find("\\u") == std::string_view::npos) return kept;
  JsonScan scan{kPaths, kValueLimit};
  if (scan.feed(data) != JsonScan::State::whole) return kept;
  const auto usages = values_of(scan, 0);
  const auto errors = values_of(scan, 2);
  const auto told = [](const Found& value) { return value.text != "null"; };
  const bool has_error = std::any_of(errors.begin(), errors.end(), told);
  if (!has_error && values_of(scan, 1).empty() && std::any_of(usages.begin(), usages.end(), told)) return std::nullopt;
  for (auto usage = usages.rbegin(); usage != usages.rend(); ++usage) {
    if (!told(*usage)) kept = without_member(kept, usage->key, usage->value);
  }
  return kept;
}

FrameKind OpenaiChunks::read_frame(std::string_view event, std::string_view data, bool begun, ReplyFacts& facts) const {
  if (trim(data) == "[DONE]") {
    facts.ended = true;
    return FrameKind::end;
  }
  return TableProtocol::read_frame(event, data, begun, facts);
}

bool OpenaiChunks::is_plain(std::string_view event, std::string_view data) const {
  return event != "error" && !may_fail(data) && !may_have(data, "usage") && !may_have(data, "finish_reason");
}

FrameKind OpenaiChunks::kind_of(std::string_view event, const Seen& seen, ReplyFacts& facts) const {
  facts.choices_ended += seen.finished;
  // Usage beside an unfinished choice is a count so far.
  if (seen.usage && (seen.choices == 0 || facts.choices_ended > 0)) facts.usage_final = true;
  if (is_error(event, seen)) return fail(facts, seen);
  if (seen.content) return FrameKind::content;
  return seen.usage && seen.choices == 0 ? FrameKind::usage : FrameKind::lifecycle;
}

std::optional<Usage> OpenaiChunks::normalise(const UsageFields& fields) const { return normalise_openai(fields); }

}  // namespace binnacle::gateway
