// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "test_protocol.h"

using namespace binnacle::gateway;

namespace {

const std::string kUsage =
    R"("usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},)"
    R"("output_tokens":20,"output_tokens_details":{"reasoning_tokens":15},"total_tokens":120})";

TestFrame event(std::string_view type, const std::string& rest = "") {
  return {type, R"({"type":")" + std::string{type} + R"(","sequence_number":1)" + rest + "}"};
}

std::string ending(const std::string& status, const std::string& rest = "") {
  return R"(,"response":{"id":"r","status":")" + status + R"(","model":"gpt-x-1","service_tier":"priority")" + rest +
         "," + kUsage + "}";
}

}  // namespace

TEST_CASE("ai-gateway OpenAI responses: a stream's events and its usage") {
  const std::vector<TestFrame> frames{
      event("response.created", R"(,"response":{"id":"r","model":"gpt-x-1","usage":null,"error":null})"),
      event("response.in_progress", R"(,"response":{"usage":null,"error":null})"),
      event("response.output_item.added", R"(,"item":{"type":"message"})"),
      event("response.output_text.delta", R"(,"delta":"\"usage\":{}")"),
      event("response.output_text.done", R"(,"text":"x")"),
      event("response.completed", ending("completed", R"(,"error":null)"))};
  ReplyFacts facts;
  CHECK(read_frames(openai_responses(), frames, facts) == "LLLCL.");
  CHECK(facts.usage_final);
  CHECK(facts.ended);
  CHECK(facts.model == "gpt-x-1");
  CHECK(facts.service_tier == "priority");
  CHECK(openai_responses().normalise(facts.usage) == Usage{100, 20, 60, 10, 0, 15});

  auto unnamed = frames;
  for (auto& frame : unnamed) frame.event = "";
  ReplyFacts same;
  CHECK(read_frames(openai_responses(), unnamed, same) == "LLLCL.");
  CHECK(counts_of(same.usage) == counts_of(facts.usage));
}

TEST_CASE("ai-gateway OpenAI responses: what is content") {
  for (const std::string_view type :
       {"response.output_text.delta", "response.reasoning_text.delta", "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta", "response.refusal.delta", "response.audio.delta",
        "response.image_generation_call.partial_image"}) {
    INFO(type);
    ReplyFacts facts;
    CHECK(read_frames(openai_responses(), {event(type)}, facts) == "C");
  }
}

TEST_CASE("ai-gateway OpenAI responses: how streams end otherwise") {
  ReplyFacts incomplete;
  CHECK(read_frames(openai_responses(), {event("response.incomplete", ending("incomplete"))}, incomplete) == ".");
  CHECK(incomplete.usage_final);
  ReplyFacts failed;
  CHECK(read_frames(
            openai_responses(),
            {event("response.failed", ending("failed", R"(,"error":{"code":"rate_limit_exceeded","message":"m"})"))},
            failed) == "E");
  CHECK(text_of(failed.error) == "/rate_limit_exceeded/429");
  CHECK(failed.usage_final);
  CHECK(failed.usage.output == 20);
  ReplyFacts error;
  CHECK(read_frames(openai_responses(), {event("error", R"(,"code":"server_error","message":"m","param":null)")},
                    error) == "E");
  CHECK(text_of(error.error) == "/server_error/500");
  ReplyFacts so_far;
  read_frames(openai_responses(), {event("response.in_progress", ending("in_progress"))}, so_far);
  CHECK_FALSE(so_far.usage_final);
  CHECK(so_far.usage.input == 100);
}

TEST_CASE("ai-gateway OpenAI responses: requests that belong to one upstream") {
  const auto read = [](const std::string& rest) {
    return openai_responses().read_request(R"({"model":"m","max_output_tokens":9)" + rest + "}");
  };
  CHECK(read("").max_output == 9);
  CHECK(read("").usage_asked);
  CHECK_FALSE(read("").stateful);
  CHECK_FALSE(read(R"(,"store":true,"previous_response_id":null,"conversation":null,"background":false)").stateful);
  CHECK(read(R"(,"previous_response_id":"r")").stateful);
  CHECK(read(R"(,"conversation":"c")").stateful);
  CHECK(read(R"(,"conversation":{"id":"c"})").stateful);
  CHECK_FALSE(read(R"(,"conversation":{"id":"c"})").background);
  CHECK(read(R"(,"background":true)").stateful);
  CHECK(read(R"(,"background":true)").background);
  CHECK_FALSE(openai_responses().ask_for_usage(R"({"model":"m","stream":true})"));
}

TEST_CASE("ai-gateway OpenAI responses: a whole reply") {
  const auto facts = read_reply(openai_responses(),
                                R"({"id":"r","error":null,"model":"gpt-x-1","output":[{"usage":{"input_tokens":1}}],)" +
                                    kUsage + R"(,"service_tier":"default"})");
  CHECK(facts.usage_final);
  CHECK(facts.model == "gpt-x-1");
  CHECK(openai_responses().normalise(facts.usage) == Usage{100, 20, 60, 10, 0, 15});
  const auto queued = read_reply(openai_responses(), R"({"status":"queued","usage":null,"error":null})");
  CHECK_FALSE(queued.usage_final);
  CHECK_FALSE(queued.error);
  CHECK(text_of(read_reply(openai_responses(), R"({"error":{"code":"server_error"}})").error) == "/server_error/500");
}
