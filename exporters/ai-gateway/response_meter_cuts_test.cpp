// SPDX-License-Identifier: Apache-2.0
// Replies of every dialect, cut wherever they can be: what is learned of them and what goes out is always the same.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "response_meter.h"
#include "test_replies.h"

using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

enum class End : std::uint8_t { whole, error_held, error_late };

struct Row {
  std::string_view file;
  const Protocol& (*protocol)();
  std::optional<Usage> usage;
  std::string_view model;
  std::uint64_t chunks = 0;
  End end = End::whole;
  std::string_view stripped = {};  // the file that strip_usage makes of it; the same where there is none
};

const Usage kChat{.input = 21, .output = 9, .cached_input = 16};
const Usage kResponses{.input = 36, .output = 87, .cached_input = 8, .reasoning = 64};
const Usage kAnthropic{.input = 6063, .output = 15, .cached_input = 4000, .cache_write_5m = 2000, .cache_write_1h = 51};
const Usage kGemini{.input = 11, .output = 40, .cached_input = 3, .reasoning = 31};

constexpr std::string_view kMini = "gpt-4o-mini-2024-07-18";
constexpr std::string_view kGpt5 = "gpt-5-mini-2025-08-07";
constexpr std::string_view kSonnet = "claude-sonnet-4-5-20250929";
constexpr std::string_view kFlash = "gemini-2.5-flash";

std::vector<Row> rows() {
  return {
      {"openai-chat.sse", openai_chat, std::nullopt, kMini, 7},
      {"openai-chat-usage.sse", openai_chat, kChat, kMini, 7, End::whole, "openai-chat.sse"},
      {"openai-chat-crlf.sse", openai_chat, kChat, kMini, 7, End::whole, "openai-chat.sse"},
      {"openai-chat-cr.sse", openai_chat, kChat, kMini, 7, End::whole, "openai-chat.sse"},
      {"openai-chat-comments.sse", openai_chat, kChat, kMini, 7, End::whole, "openai-chat-comments-stripped.sse"},
      {"openai-chat-reasoning.sse", openai_chat,
       Usage{.input = 21, .output = 209, .cached_input = 16, .reasoning = 192}, kMini, 5, End::whole,
       "openai-chat-reasoning-stripped.sse"},
      {"openai-chat-tools.sse", openai_chat, kChat, kMini, 5, End::whole, "openai-chat-tools-stripped.sse"},
      {"openai-chat-usage-on-finish.sse", openai_chat, kChat, kMini, 7},
      {"openai-chat-error-first.sse", openai_chat, std::nullopt, kMini, 0, End::error_held},
      {"openai-chat-error-late.sse", openai_chat, std::nullopt, kMini, 4, End::error_late},
      {"openai-completions.sse", openai_completions, Usage{.input = 5, .output = 2}, "gpt-3.5-turbo-instruct", 2,
       End::whole, "openai-completions-stripped.sse"},
      {"openai-chat.json", openai_chat, kChat, "gpt-4o-2024-08-06"},
      {"openai-error.json", openai_chat, std::nullopt, "", 0, End::error_held},
      {"openai-embeddings.json", openai_embeddings, Usage{.input = 12}, "text-embedding-3-small"},
      {"openai-responses.sse", openai_responses, kResponses, kGpt5, 3},
      {"openai-responses-failed.sse", openai_responses, std::nullopt, kGpt5, 0, End::error_held},
      {"openai-responses-error-late.sse", openai_responses, std::nullopt, kGpt5, 3, End::error_late},
      {"openai-responses.json", openai_responses, kResponses, kGpt5},
      {"anthropic.sse", anthropic_messages, kAnthropic, kSonnet, 3},
      {"anthropic-crlf.sse", anthropic_messages, kAnthropic, kSonnet, 3},
      {"anthropic-thinking.sse", anthropic_messages, Usage{.input = 608, .output = 89, .cached_input = 128}, kSonnet,
       7},
      {"anthropic-error-first.sse", anthropic_messages, Usage{}, kSonnet, 0, End::error_held},
      {"anthropic-error-late.sse", anthropic_messages, Usage{}, kSonnet, 2, End::error_late},
      {"anthropic.json", anthropic_messages,
       Usage{.input = 152, .output = 6, .cached_input = 40, .cache_write_5m = 60, .cache_write_1h = 40}, kSonnet},
      {"gemini.sse", gemini_generate, kGemini, kFlash, 4},
      {"gemini-one.sse", gemini_generate, Usage{.input = 7, .output = 1}, kFlash, 1},
      {"gemini-array.json", gemini_generate, kGemini, kFlash, 4},
      {"gemini-error-first.sse", gemini_generate, std::nullopt, "", 0, End::error_held},
      {"gemini-error-late.sse", gemini_generate, Usage{}, kFlash, 2, End::error_late},
      {"gemini-array-error-first.json", gemini_generate, std::nullopt, "", 0, End::error_held},
      {"gemini-array-error-late.json", gemini_generate, Usage{}, kFlash, 2, End::error_late},
      {"gemini.json", gemini_generate, Usage{.input = 7, .output = 40, .cached_input = 3, .reasoning = 31}, kFlash},
      {"gemini-embeddings.json", gemini_embed, Usage{.input = 4}, ""},
  };
}

/// All that a meter tells, and what it let out.
struct Result {
  std::string out;
  std::optional<Usage> usage;
  bool usage_final = false;
  std::string model;
  std::string service_tier;
  std::string error;
  bool failed = false;
  bool ended = false;
  bool holding = false;
  bool streaming = false;
  bool first_content = false;
  std::uint64_t chunks = 0;
  std::uint64_t content_bytes = 0;
  std::string unread;
  bool operator==(const Result&) const = default;
};

struct Reply {
  const Row& row;
  bool strip = false;
  std::string encoding;
  std::optional<std::size_t> frame_limit{};
};

Result run(const Reply& reply, std::string_view first, std::string_view second, std::size_t step) {
  ResponseMeter::Settings settings;
  settings.protocol = &reply.row.protocol();
  settings.content_type = reply.row.file.ends_with(".sse") ? "text/event-stream" : "application/json";
  settings.content_encoding = reply.encoding;
  settings.strip_usage = reply.strip;
  settings.streamed = reply.row.end == End::error_held;
  if (reply.frame_limit) settings.frame_limit = *reply.frame_limit;
  ResponseMeter meter(settings, {});
  Result result;
  for (auto part : {first, second}) {
    while (!part.empty()) {
      result.out += meter.feed(part.substr(0, step), {});
      part.remove_prefix(std::min(step, part.size()));
    }
  }
  result.out += meter.finish(true, {});
  const auto& facts = meter.facts();
  result.usage = settings.protocol->normalise(facts.usage);
  result.usage_final = facts.usage_final;
  result.model = facts.model;
  result.service_tier = facts.service_tier;
  if (facts.error) result.error = facts.error->type + "," + facts.error->code;
  result.failed = meter.failed();
  result.ended = meter.ended();
  result.holding = meter.holding();
  result.streaming = meter.streaming();
  result.first_content = meter.first_content().has_value();
  result.chunks = meter.chunks();
  result.content_bytes = meter.content_bytes();
  result.unread = meter.unread();
  return result;
}

Result run_whole(const Reply& reply, std::string_view body) { return run(reply, body, {}, body.size()); }

/// Line breaks of a file, as of another.
std::string with_breaks(std::string_view text, std::string_view name) {
  const std::string_view line_break = name == "openai-chat-crlf.sse" ? "\r\n"
                                      : name == "openai-chat-cr.sse" ? "\r"
                                                                     : "\n";
  std::string all;
  for (const char byte : text) {
    if (byte == '\n') {
      all += line_break;
    } else {
      all += byte;
    }
  }
  return all;
}

std::string expected_out(const Reply& reply, const std::string& body) {
  if (reply.row.end == End::error_held) return {};
  if (!reply.strip || reply.row.stripped.empty()) return body;
  return with_breaks(reply_file(std::string(reply.row.stripped)), reply.row.file);
}

void check_facts(const Reply& reply, const Result& result) {
  const auto& row = reply.row;
  CHECK(result.model == row.model);
  CHECK(result.chunks == row.chunks);
  CHECK(result.first_content == (row.chunks > 0));
  CHECK(result.unread.empty());
  CHECK(result.failed == (row.end != End::whole));
  CHECK(result.holding == (row.end == End::error_held));
  CHECK(result.ended == (row.end == End::whole));
  CHECK(result.usage_final == (row.end == End::whole && row.usage));
  CHECK(result.error.empty() == (row.end == End::whole));
  // Counts of a reply that failed are no final ones, whatever they are.
  if (row.end == End::whole) {
    REQUIRE(result.usage.has_value() == row.usage.has_value());
    if (row.usage) CHECK(*result.usage == *row.usage);
  }
}

}  // namespace

TEST_CASE("replies of every dialect, whole", "[response_meter]") {
  for (const auto& row : rows()) {
    const auto body = reply_file(std::string(row.file));
    for (const bool strip : {false, true}) {
      CAPTURE(row.file, strip);
      const Reply reply{row, strip, ""};
      const auto result = run_whole(reply, body);
      check_facts(reply, result);
      CHECK(result.out == expected_out(reply, body));
    }
  }
}

TEST_CASE("frames that are too long to be kept tell the same", "[response_meter]") {
  constexpr std::size_t kShort = 32;  // [DONE] is shorter
  for (const auto& row : rows()) {
    if (!row.file.ends_with(".sse")) continue;
    const auto body = reply_file(std::string(row.file));
    const auto kept = run_whole({row, false, ""}, body);
    for (const auto step : std::initializer_list<std::size_t>{1, 7, 64, 1'000'000}) {
      CAPTURE(row.file, step);
      const auto passed = run({row, false, "", kShort}, body, {}, step);
      CHECK(passed.out == body);
      CHECK(passed.usage == kept.usage);
      CHECK(passed.usage_final == kept.usage_final);
      CHECK(passed.model == kept.model);
      CHECK(passed.service_tier == kept.service_tier);
      CHECK(passed.error == kept.error);
      CHECK(passed.failed == kept.failed);
      CHECK(passed.ended == kept.ended);
      CHECK(passed.chunks == kept.chunks);
      CHECK(passed.unread.empty());
    }
  }
}

TEST_CASE("replies cut at every byte", "[response_meter]") {
  for (const auto& row : rows()) {
    const auto body = reply_file(std::string(row.file));
    for (const bool strip : {false, true}) {
      const Reply reply{row, strip, ""};
      const auto whole = run_whole(reply, body);
      for (std::size_t at = 1; at < body.size(); ++at) {
        const auto cut =
            run(reply, std::string_view(body).substr(0, at), std::string_view(body).substr(at), body.size());
        if (cut == whole) continue;
        CAPTURE(row.file, strip, at);
        CHECK(cut.out == whole.out);
        FAIL("a cut changes what is learned");
      }
      CAPTURE(row.file, strip);
      for (const auto step : std::initializer_list<std::size_t>{1, 2, 3, 7, 64})
        CHECK(run(reply, body, {}, step) == whole);
    }
  }
}

TEST_CASE("compressed replies cut at every byte", "[response_meter]") {
  for (const auto& row : rows()) {
    const auto body = reply_file(std::string(row.file));
    const auto plain = run_whole({row, false, ""}, body);
    const auto plain_stripped = run_whole({row, true, ""}, body);
    for (const std::string encoding : {"gzip", "br"}) {
      const auto bytes = encode(encoding, {body.substr(0, body.size() / 3), body.substr(body.size() / 3)});
      for (const bool strip : {false, true}) {
        const Reply reply{row, strip, encoding};
        const bool decoded = strip && row.file.ends_with(".sse");
        auto expected = strip ? plain_stripped : plain;
        if (!decoded) expected.out = plain.out.empty() ? "" : bytes;
        CAPTURE(row.file, strip, encoding);
        CHECK(run_whole(reply, bytes) == expected);
        CHECK(run(reply, bytes, {}, 1) == expected);
        for (std::size_t at = 1; at < bytes.size(); ++at) {
          if (run(reply, std::string_view(bytes).substr(0, at), std::string_view(bytes).substr(at), bytes.size()) ==
              expected)
            continue;
          CAPTURE(at);
          FAIL("a cut changes what is learned");
        }
      }
    }
  }
}
