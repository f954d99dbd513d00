// SPDX-License-Identifier: Apache-2.0
#include "protocol_common.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): memmem

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/text.h"

namespace binnacle::gateway {

namespace {

constexpr std::uint64_t kLargestCount = 1'000'000'000'000;
constexpr std::uint64_t kMostChoices = 1024;
constexpr std::size_t kModelLimit = 200;
constexpr std::size_t kTierLimit = 32;
constexpr std::size_t kErrorNameLimit = 64;

using Count = std::optional<std::uint64_t> UsageFields::*;
/// By the order of Part.
constexpr std::array<Count, 9> kCounts{
    &UsageFields::input,          &UsageFields::output,      &UsageFields::total,
    &UsageFields::cached_input,   &UsageFields::cache_write, &UsageFields::cache_write_5m,
    &UsageFields::cache_write_1h, &UsageFields::reasoning,   &UsageFields::tool_input,
};

/// The HTTP status that an error's name stands for, in OpenAI's, Anthropic's and Google's words.
struct NamedStatus {
  std::string_view name;
  int status;
};
constexpr std::array kStatuses{
    NamedStatus{"invalid_request_error", 400},
    NamedStatus{"context_length_exceeded", 400},
    NamedStatus{"content_filter", 400},
    NamedStatus{"content_policy_violation", 400},
    NamedStatus{"INVALID_ARGUMENT", 400},
    NamedStatus{"FAILED_PRECONDITION", 400},
    NamedStatus{"OUT_OF_RANGE", 400},
    NamedStatus{"authentication_error", 401},
    NamedStatus{"invalid_api_key", 401},
    NamedStatus{"UNAUTHENTICATED", 401},
    NamedStatus{"billing_error", 402},
    NamedStatus{"permission_error", 403},
    NamedStatus{"PERMISSION_DENIED", 403},
    NamedStatus{"not_found_error", 404},
    NamedStatus{"model_not_found", 404},
    NamedStatus{"NOT_FOUND", 404},
    NamedStatus{"request_timeout", 408},
    NamedStatus{"ALREADY_EXISTS", 409},
    NamedStatus{"ABORTED", 409},
    NamedStatus{"request_too_large", 413},
    NamedStatus{"rate_limit_error", 429},
    NamedStatus{"rate_limit_exceeded", 429},
    NamedStatus{"rate_limit_reached", 429},
    NamedStatus{"insufficient_quota", 429},
    NamedStatus{"RESOURCE_EXHAUSTED", 429},
    NamedStatus{"CANCELLED", 499},
    NamedStatus{"api_error", 500},
    NamedStatus{"server_error", 500},
    NamedStatus{"internal_error", 500},
    NamedStatus{"internal_server_error", 500},
    NamedStatus{"INTERNAL", 500},
    NamedStatus{"UNKNOWN", 500},
    NamedStatus{"DATA_LOSS", 500},
    NamedStatus{"UNIMPLEMENTED", 501},
    NamedStatus{"service_unavailable", 503},
    NamedStatus{"server_overloaded", 503},
    NamedStatus{"UNAVAILABLE", 503},
    NamedStatus{"timeout_error", 504},
    NamedStatus{"DEADLINE_EXCEEDED", 504},
    NamedStatus{"overloaded_error", 529},
};

std::optional<int> status_named(std::string_view name) {
  const auto* const found =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const auto& row) { return row.name == name; });
  if (found == kStatuses.end()) return std::nullopt;
  return found->status;
}

std::optional<std::uint64_t> count_of(const JsonScan::Found& value) {
  const auto count = to_u64(value.text);
  return count && *count <= kLargestCount ? count : std::nullopt;
}

/// What may stand in a log or be compared: never free text.
std::string error_name(std::string text) {
  if (text.size() > kErrorNameLimit) text.resize(kErrorNameLimit);
  for (auto& byte : text) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       byte == '_' || byte == '.' || byte == '-';
    if (!plain) byte = '_';
  }
  return text;
}

/// A protobuf duration: "17s", "0.5s".
std::optional<double> seconds_of(const std::optional<std::string>& text) {
  if (!text || text->size() < 2 || text->size() > 32 || text->back() != 's') return std::nullopt;
  const auto number = std::string_view{*text}.substr(0, text->size() - 1);
  if (number.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  return to_double(number);
}

void read_error_code(const JsonScan::Found& value, UpstreamError& error) {
  constexpr std::uint64_t kFirst = 400;
  constexpr std::uint64_t kLast = 599;
  const auto text = string_of(value);
  const auto number = to_u64(text ? *text : value.text);
  if (text && !text->empty()) error.code = error_name(*text);
  if (number && *number >= kFirst && *number <= kLast) error.status = static_cast<int>(*number);
}

void complete(UpstreamError& error) {
  if (!error.status) error.status = status_named(error.code);
  if (!error.status) error.status = status_named(error.type);
}

/// Where `bytes` stand; npos: nowhere. Frames are short and full of quotes, where this is faster than find().
std::size_t find_bytes(std::string_view text, std::string_view bytes) {
  if (text.size() < bytes.size()) return std::string_view::npos;
  const auto* const found =
      static_cast<const char*>(memmem(text.data(), text.size(), bytes.data(), bytes.size()));  // null: nowhere
  return found == nullptr ? std::string_view::npos : static_cast<std::size_t>(found - text.data());
}

/// A letter or an underscore of a key may be written as one of \u0041 to \u007a.
bool has_escaped_letter(std::string_view data) {
  constexpr std::string_view kStart = "\\u00";
  for (;;) {
    const auto found = find_bytes(data, kStart);
    if (found == std::string_view::npos) return false;
    data.remove_prefix(found + kStart.size());
    if (!data.empty() && data[0] >= '4' && data[0] <= '7') return true;
  }
}

std::string_view without_space(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

void take_largest(std::optional<std::uint64_t>& largest, const JsonScan::Found& value) {
  if (const auto count = count_of(value)) largest = std::max(largest.value_or(0), *count);
}

}  // namespace

std::optional<std::string> string_of(const JsonScan::Found& value) {
  const std::string_view text = value.text;
  if (text.size() < 2 || text.front() != '"') return std::nullopt;
  if (text.find('\\') == std::string_view::npos && is_utf8(text)) return std::string{text.substr(1, text.size() - 2)};
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_string()) return std::nullopt;
  return parsed.get<std::string>();
}

bool is_filled(const JsonScan::Found& value) {
  if (value.too_long) return true;
  const std::string_view text = value.text;
  if (text.empty() || text == "null" || text == "false" || text == "\"\"") return false;
  if (text[0] != '{' && text[0] != '[') return true;
  return without_space(text.substr(1)).size() > 1;
}

Seen read_parts(std::span<const PartPath> rows, std::span<const JsonScan::Found> found, ReplyFacts& facts) {
  Seen seen;
  for (const auto& value : found) {
    const auto part = rows[value.path].part;
    switch (part) {
      case Part::model:
        if (auto text = string_of(value); text && !text->empty() && text->size() <= kModelLimit) facts.model = *text;
        break;
      case Part::service_tier:
        if (auto text = string_of(value); text && text->size() <= kTierLimit) facts.service_tier = *text;
        break;
      case Part::type:
        seen.type = string_of(value).value_or("");
        break;
      case Part::error:
        if (value.text != "0" && (is_filled(value) || value.text.starts_with('{'))) seen.error = true;
        break;
      case Part::error_type:
        seen.details.type = error_name(string_of(value).value_or(""));
        break;
      case Part::error_code:
        read_error_code(value, seen.details);
        break;
      case Part::retry_delay:
        seen.details.retry_after_seconds = seconds_of(string_of(value));
        break;
      case Part::choice:
        ++seen.choices;
        break;
      case Part::finish:
        if (value.text != "null") ++seen.finished;
        break;
      case Part::content:
        if (is_filled(value)) seen.content = true;
        break;
      case Part::block_type:
        seen.block_type = string_of(value).value_or("");
        break;
      default:
        if (const auto count = count_of(value)) {
          facts.usage.*kCounts.at(static_cast<std::size_t>(part)) = *count;
          seen.usage = true;
        }
    }
  }
  complete(seen.details);
  return seen;
}

Seen read_found(std::span<const PartPath> rows, std::span<const JsonScan::Found> found, ReplyFacts& facts) {
  auto seen = read_parts(rows, found, facts);
  seen.whole = true;
  return seen;
}

Seen read_data(std::span<const PartPath> rows, std::span<const std::string_view> paths, std::string_view data,
               ReplyFacts& facts) {
  JsonScan scan{paths, kValueLimit};
  // A number at the top ends with the byte after it.
  if (scan.feed(data) != JsonScan::State::whole) return {};
  return read_found(rows, scan.found(), facts);
}

void read_whole(std::span<const PartPath> rows, std::span<const JsonScan::Found> found, ReplyFacts& facts) {
  const auto seen = read_parts(rows, found, facts);
  if (seen.usage) facts.usage_final = true;
  if (seen.error) fail(facts, seen);
}

bool is_error(std::string_view event, const Seen& seen) {
  return event == "error" || seen.error || seen.type == "error";
}

FrameKind fail(ReplyFacts& facts, const Seen& seen) {
  if (!facts.error) facts.error = seen.details;
  return FrameKind::error;
}

bool may_have(std::string_view data, std::string_view name) {
  std::array<char, 40> key{};
  const auto size = std::min(name.size(), key.size() - 2);
  key[0] = '"';
  std::copy_n(name.begin(), size, key.begin() + 1);
  key.at(size + 1) = '"';
  for (auto rest = data;;) {
    const auto found = find_bytes(rest, {key.data(), size + 2});
    if (found == std::string_view::npos) break;
    rest.remove_prefix(found + size + 2);
    const auto colon = without_space(rest);
    if (!colon.starts_with(':')) continue;
    if (!without_space(colon.substr(1)).starts_with('n')) return true;
  }
  return has_escaped_letter(data);
}

bool may_fail(std::string_view data) { return find_bytes(data, "\"error\"") != std::string_view::npos; }

RequestFacts read_asks(std::span<const AskPath> rows, std::string_view body) {
  std::vector<std::string_view> paths;
  for (const auto& row : rows) paths.push_back(row.path);
  JsonScan scan{paths, kValueLimit};
  if (scan.feed(body) != JsonScan::State::whole || !scan.end_bracket() || body[*scan.end_bracket()] != '}') {
    throw BadRequest("the body is no JSON object, or is nested too deeply");
  }
  RequestFacts facts;
  facts.bytes = body.size();
  std::optional<std::uint64_t> choices;
  bool stream_seen = false;
  for (const auto& value : scan.found()) {
    switch (rows[value.path].ask) {
      case Ask::model: {
        if (facts.model_at) throw BadRequest("the body has two keys `model`");
        auto model = string_of(value);
        if (!model || model->empty()) throw BadRequest("`model` is no text, or an empty or too long one");
        facts.model = std::move(*model);
        facts.model_at = value.value;
        break;
      }
      case Ask::stream:
        if (stream_seen) throw BadRequest("the body has two keys `stream`");
        if (value.text != "true" && value.text != "false" && value.text != "null") {
          throw BadRequest("`stream` is neither true nor false");
        }
        stream_seen = true;
        facts.stream = value.text == "true";
        break;
      case Ask::include_usage:
        facts.usage_asked = value.text == "true";
        break;
      case Ask::max_output:
        take_largest(facts.max_output, value);
        break;
      case Ask::choices:
        take_largest(choices, value);
        break;
      case Ask::bound:
        if (is_filled(value)) facts.stateful = true;
        break;
      case Ask::background:
        if (value.text == "true") facts.stateful = facts.background = true;
        break;
    }
  }
  facts.choices = std::clamp(choices.value_or(1), std::uint64_t{1}, kMostChoices);
  return facts;
}

void require_model(const RequestFacts& facts) {
  if (!facts.model_at) throw BadRequest("the body has no `model`");
}

FrameKind TableProtocol::read_frame(std::string_view event, std::string_view data, bool begun,
                                    ReplyFacts& facts) const {
  if (begun && is_plain(event, data)) return FrameKind::content;
  return kind_of(event, read_data(frames_.rows, frames_.paths, data, facts), facts);
}

FrameKind TableProtocol::read_long_frame(std::string_view event, std::span<const JsonScan::Found> found,
                                         ReplyFacts& facts) const {
  return kind_of(event, read_found(frames_.rows, found, facts), facts);
}

void TableProtocol::read_reply(std::span<const JsonScan::Found> found, ReplyFacts& facts) const {
  read_whole(replies_.rows, found, facts);
}

void TableProtocol::read_error(std::string_view body, ReplyFacts& facts) const { read_error_body(body, facts); }

bool TableProtocol::is_plain(std::string_view /*event*/, std::string_view /*data*/) const { return false; }

std::optional<std::string> UnaskedProtocol::ask_for_usage(std::string_view /*body*/) const { return std::nullopt; }

std::optional<std::string> UnaskedProtocol::strip_usage(std::string_view data) const { return std::string{data}; }

void read_error_body(std::string_view body, ReplyFacts& facts) {
  // Gemini's streams without alt=sse put theirs into an array; some servers have an error's members at the top.
  static constexpr auto kRows =
      joined(kErrorParts, std::array{PartPath{"*.error", Part::error}, PartPath{"*.error.status", Part::error_type},
                                     PartPath{"*.error.code", Part::error_code},
                                     PartPath{"*.error.details.*.retryDelay", Part::retry_delay}});
  static constexpr auto kPaths = paths_of(kRows);
  static constexpr std::array kFlatRows{PartPath{"object", Part::block_type}, PartPath{"type", Part::error_type},
                                        PartPath{"code", Part::error_code}};
  static constexpr auto kFlatPaths = paths_of(kFlatRows);
  const auto seen = read_data(kRows, kPaths, body, facts);
  if (seen.error) {
    fail(facts, seen);
  } else if (const auto flat = read_data(kFlatRows, kFlatPaths, body, facts); flat.block_type == "error") {
    fail(facts, flat);
  }
}

std::uint64_t add_counts(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

Usage clamped(Usage usage) {
  usage.cached_input = std::min(usage.cached_input, usage.input);
  usage.cache_write_1h = std::min(usage.cache_write_1h, usage.input - usage.cached_input);
  usage.cache_write_5m = std::min(usage.cache_write_5m, usage.input - usage.cached_input - usage.cache_write_1h);
  usage.reasoning = std::min(usage.reasoning, usage.output);
  return usage;
}

}  // namespace binnacle::gateway
