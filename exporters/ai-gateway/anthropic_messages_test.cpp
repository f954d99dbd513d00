// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

namespace {

TestFrame event(std::string_view type, const std::string& rest = "") {
  return {type, R"({"type":")" + std::string{type} + R"(")" + rest + "}"};
}

const TestFrame kStart = event(
    "message_start",
    R"(,"message":{"id":"m","model":"claude-x-1","content":[],"usage":{"input_tokens":10,"cache_creation_input_tokens":40,)"
    R"("cache_read_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":10},)"
    R"("output_tokens":1,"service_tier":"standard"}})");
const TestFrame kText = event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})");
const TestFrame kDelta =
    event("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"\"usage\":{}"})");
const TestFrame kEnd =
    event("message_delta", R"(,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":25})");

std::optional<Usage> usage_of(const std::string& usage) {
  return anthropic_messages().normalise(read_reply(anthropic_messages(), "{\"usage\":" + usage + "}").usage);
}

}  // namespace

TEST_CASE("ai-gateway Anthropic: a stream's events, and its usage in parts") {
  const std::vector<TestFrame> frames{
      kStart, event("ping"),        kText, kDelta, kDelta, event("content_block_stop", R"(,"index":0)"),
      kEnd,   event("message_stop")};
  ReplyFacts facts;
  CHECK(read_frames(anthropic_messages(), frames, facts) == "LLLCCLL.");
  CHECK(facts.usage_final);
  CHECK(facts.ended);
  CHECK(facts.choices_ended == 1);
  CHECK(facts.model == "claude-x-1");
  CHECK(facts.service_tier == "standard");
  CHECK(anthropic_messages().normalise(facts.usage) == Usage{100, 25, 50, 30, 10, 0});

  auto unnamed = frames;
  for (auto& frame : unnamed) frame.event = "";
  ReplyFacts same;
  CHECK(read_frames(anthropic_messages(), unnamed, same) == "LLLCCLL.");
  CHECK(counts_of(same.usage) == counts_of(facts.usage));
}

TEST_CASE("ai-gateway Anthropic: each count's last value that is no null counts") {
  ReplyFacts facts;
  read_frames(anthropic_messages(), {kStart}, facts);
  CHECK_FALSE(facts.usage_final);
  CHECK(facts.usage.output == 1);
  read_frames(
      anthropic_messages(),
      {event("message_delta", R"(,"delta":{"stop_reason":null},"usage":{"input_tokens":12,"output_tokens":9,)"
                              R"("cache_read_input_tokens":null,"cache_creation_input_tokens":null})"),
       event("message_delta",
             R"(,"delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":30,"cache_read_input_tokens":70})")},
      facts);
  CHECK(facts.usage_final);
  CHECK(facts.usage.input == 12);
  CHECK(facts.usage.output == 30);
  CHECK(facts.usage.cached_input == 70);
  CHECK(facts.usage.cache_write == 40);
  read_frames(anthropic_messages(),
              {event("message_delta", R"(,"usage":{"output_tokens":31,"cache_creation_input_tokens":0})")}, facts);
  CHECK(facts.usage.cache_write == 0);
  CHECK(anthropic_messages().normalise(facts.usage) == Usage{82, 31, 70, 0, 0, 0});
}

TEST_CASE("ai-gateway Anthropic: blocks that begin with content") {
  const auto kind = [](const std::string& block) {
    ReplyFacts facts;
    return read_frames(anthropic_messages(), {event("content_block_start", R"(,"index":0,"content_block":)" + block)},
                       facts);
  };
  CHECK(kind(R"({"type":"text","text":""})") == "L");
  CHECK(kind(R"({"type":"thinking","thinking":"","signature":""})") == "L");
  CHECK(kind(R"({"type":"text","text":"x"})") == "C");
  CHECK(kind(R"({"type":"tool_use","id":"t","name":"n","input":{}})") == "C");
  CHECK(kind(R"({"type":"redacted_thinking","data":"x"})") == "C");
  CHECK(kind(R"({"type":"web_search_tool_result","content":[]})") == "C");
}

TEST_CASE("ai-gateway Anthropic: an error within a stream") {
  ReplyFacts facts;
  CHECK(read_frames(anthropic_messages(),
                    {kStart, event("error", R"(,"error":{"type":"overloaded_error","message":"m"})")}, facts) == "LE");
  CHECK(text_of(facts.error) == "overloaded_error//529");
}

TEST_CASE("ai-gateway Anthropic: the meaning of counts") {
  CHECK(usage_of(R"({"input_tokens":5,"output_tokens":7})") == Usage{5, 7});
  CHECK(usage_of(R"({"input_tokens":5,"output_tokens":7,"cache_read_input_tokens":100})") == Usage{105, 7, 100});
  CHECK(usage_of(R"({"input_tokens":5,"output_tokens":7,"cache_creation_input_tokens":40})") == Usage{45, 7, 0, 40, 0});
  CHECK(usage_of(
            R"({"input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2}})") ==
        Usage{8, 0, 0, 1, 2});
  CHECK(usage_of(
            R"({"input_tokens":5,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":9}})") ==
        Usage{9, 0, 0, 0, 4});
  CHECK(usage_of(R"({"output_tokens":7,"output_tokens_details":{"thinking_tokens":9}})") == Usage{0, 7, 0, 0, 0, 7});
  CHECK_FALSE(usage_of("{}"));
  CHECK_FALSE(usage_of("null"));
}

TEST_CASE("ai-gateway Anthropic: a whole reply, and requests") {
  const auto facts = read_reply(anthropic_messages(),
                                R"({"type":"message","model":"claude-x-1","content":[{"type":"text","text":"x"}],)"
                                R"("usage":{"input_tokens":3,"output_tokens":4,"service_tier":"batch"}})");
  CHECK(facts.usage_final);
  CHECK(facts.model == "claude-x-1");
  CHECK(facts.service_tier == "batch");
  const auto request = anthropic_messages().read_request(R"({"model":"c","max_tokens":64,"stream":true})");
  CHECK(request.stream);
  CHECK(request.usage_asked);
  CHECK(request.max_output == 64);
  CHECK_FALSE(request.stateful);
  CHECK(anthropic_messages().read_request(R"({"model":"c","container":"x"})").stateful);
  CHECK_FALSE(anthropic_messages().ask_for_usage(R"({"model":"c","stream":true})"));
}
