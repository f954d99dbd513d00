// SPDX-License-Identifier: Apache-2.0
#include "protocol.h"

#include <catch2/catch.hpp>
#include <set>

#include "protocol_common.h"
#include "test_protocol.h"

using namespace binnacle::gateway;

namespace {

/// A body for every operation whose model is the body's.
const std::vector<Operation> kNaming{Operation::chat, Operation::completions, Operation::embeddings,
                                     Operation::responses, Operation::messages};

std::string refusal(const Protocol& protocol, std::string_view body) {
  try {
    (void)protocol.read_request(body);
  } catch (const BadRequest& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("ai-gateway protocol: each operation has its own, and a name") {
  std::set<std::string_view> names;
  for (const auto operation : kOperations) {
    names.insert(name_of(operation));
    const auto* const protocol = protocol_of(operation);
    CHECK((protocol == nullptr) == (operation == Operation::other));
    if (protocol != nullptr) CHECK(protocol->operation() == operation);
  }
  CHECK(names.size() == kOperationCount);
  for (const auto dialect : kDialects) CHECK(dialect_of(name_of(dialect)) == dialect);
  CHECK_FALSE(dialect_of("OpenAI"));
  CHECK(protocol_of(Operation::messages)->dialect() == Dialect::anthropic);
  CHECK(protocol_of(Operation::embed_content)->dialect() == Dialect::gemini);
}

TEST_CASE("ai-gateway protocol: a request's model is unescaped, and where it stands") {
  const std::string body = "\xEF\xBB\xBF{ \"messages\":[{\"model\":\"no\"}], \"mod\\u0065l\" : \"a\\/b\\u00e9\" }";
  for (const auto operation : kNaming) {
    INFO(name_of(operation));
    const auto facts = protocol_of(operation)->read_request(body);
    CHECK(facts.model == "a/bé");
    REQUIRE(facts.model_at);
    CHECK(body.substr(facts.model_at->begin, facts.model_at->size()) == "\"a\\/b\\u00e9\"");
    CHECK(facts.bytes == body.size());
    CHECK_FALSE(facts.stream);
    CHECK(facts.choices == 1);
    CHECK(protocol_of(operation)->with_model(body, facts, "new") ==
          "\xEF\xBB\xBF{ \"messages\":[{\"model\":\"no\"}], \"mod\\u0065l\" : \"new\" }");
  }
}

TEST_CASE("ai-gateway protocol: requests that servers could read in two ways, or not at all, are refused") {
  for (const auto operation : kNaming) {
    const auto& protocol = *protocol_of(operation);
    INFO(name_of(operation));
    CHECK(refusal(protocol, R"({"model":"a","model":"b"})") == "the body has two keys `model`");
    CHECK(refusal(protocol, R"({"model":"a","\u006dodel":"b"})") == "the body has two keys `model`");
    CHECK(refusal(protocol, R"({"model":"a","stream":true,"stream":false})") == "the body has two keys `stream`");
    CHECK(refusal(protocol, R"({"model":"a","stream":1})") == "`stream` is neither true nor false");
    CHECK(refusal(protocol, R"({"model":"a","stream":"true"})") == "`stream` is neither true nor false");
    for (const std::string_view body : {R"({"model":1})", R"({"model":null})", R"({"model":["a"]})", R"({"model":""})",
                                        "{\"model\":\"\xFF\"}", R"({"model":"\ud800"})"}) {
      INFO(body);
      CHECK(refusal(protocol, body) == "`model` is no text, or an empty or too long one");
    }
    const auto long_model = "{\"model\":\"" + std::string(2000, 'm') + "\"}";
    CHECK(refusal(protocol, long_model) == "`model` is no text, or an empty or too long one");
    for (const std::string_view body : {"", " ", "[]", "null", "\"model\"", "12", R"({"model":"a")",
                                        "{\"model\":\"a\"}}", R"([{"model":"a"}])", "model=a"}) {
      INFO(body);
      CHECK(refusal(protocol, body) == "the body is no JSON object, or is nested too deeply");
    }
    CHECK(refusal(protocol, "{\"model\":\"a\",\"x\":" + std::string(100'000, '[')) ==
          "the body is no JSON object, or is nested too deeply");
    CHECK(refusal(protocol, R"({"Model":"a"})") == "the body has no `model`");
    CHECK(refusal(protocol, R"({"model":"a","stream":null})").empty());
  }
}

TEST_CASE("ai-gateway protocol: errors of all dialects") {
  struct Row {
    std::string body;
    std::string error;
  };
  const std::vector<Row> rows{
      {R"({"error":{"message":"m","type":"requests","param":null,"code":"rate_limit_exceeded"}})",
       "requests/rate_limit_exceeded/429"},
      {R"({"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}})",
       "insufficient_quota/insufficient_quota/429"},
      {R"({"error":{"type":"invalid_request_error","code":"context_length_exceeded"}})",
       "invalid_request_error/context_length_exceeded/400"},
      {R"({"error":{"message":"m","type":"server_error","code":null}})", "server_error//500"},
      {R"({"error":{"code":"429","message":"Azure"}})", "/429/429"},
      {R"({"error":{"code":502,"message":"OpenRouter"}})", "//502"},
      {R"({"error":{"code":99999999999999999999}})", "//"},
      {R"({"error":"overloaded"})", "//"},
      {R"({"error":{}})", "//"},
      {R"({"object":"error","message":"m","type":"BadRequestError","code":400})", "BadRequestError//400"},
      {R"({"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"})",
       "overloaded_error//529"},
      {R"({"type":"error","error":{"type":"rate_limit_error","details":{"error_code":"contract_spend_limit_reached"}}})",
       "rate_limit_error/contract_spend_limit_reached/429"},
      {R"({"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}})", "RESOURCE_EXHAUSTED//429"},
      {R"([{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}])", "UNAVAILABLE//503"},
      {R"({"error":{"status":"DEADLINE_EXCEEDED"}})", "DEADLINE_EXCEEDED//504"},
      {R"({"error":{"type":"a b\n<script>é"}})", "a_b__script___//"},
      {"{\"error\":{\"type\":\"" + std::string(100, 't') + "\"}}", std::string(64, 't') + "//"},
      {R"({"error":{"type":{"a":1},"code":[1]}})", "//"},
      {R"({"error":null})", "none"},
      {R"({"error":""})", "none"},
      {R"({"error":false})", "none"},
      {R"({"detail":"Not Found"})", "none"},
      {R"({"object":"list","type":"x"})", "none"},
      {"<html><h1>502 Bad Gateway</h1></html>", "none"},
      {"", "none"},
      {"error", "none"},
      {std::string(100'000, '['), "none"},
  };
  for (const auto& [body, error] : rows) {
    INFO(body);
    for (const auto operation : kOperations) {
      if (operation == Operation::other) continue;
      CHECK(text_of(read_error(*protocol_of(operation), body).error) == error);
    }
  }
}

TEST_CASE("ai-gateway protocol: Google's RetryInfo says how long to wait") {
  const auto delay = [](const std::string& text) {
    const auto body =
        R"({"error":{"code":429,"details":[{"@type":"x.QuotaFailure"},{"@type":"x.RetryInfo","retryDelay":)" + text +
        "}]}}";
    return read_error(gemini_generate(), body).error->retry_after_seconds;
  };
  CHECK(delay("\"17s\"") == 17);
  CHECK(delay("\"0.5s\"") == 0.5);
  for (const std::string text : {"\"s\"", "\"-1s\"", "\"17\"", "\"infs\"", "\"1e9s\"", "17", "null", "\"1.2.3s\""}) {
    INFO(text);
    CHECK_FALSE(delay(text));
  }
}

TEST_CASE("ai-gateway protocol: frames that are no frames tell nothing, in any protocol") {
  for (const auto operation : kOperations) {
    if (operation == Operation::other) continue;
    INFO(name_of(operation));
    ReplyFacts facts;
    CHECK(read_frames(*protocol_of(operation),
                      {{"", ""},
                       {"", "text"},
                       {"", "[]"},
                       {"", "{\"usage\":"},
                       {"", "{\"usage\":{\"prompt_tokens\":1,\"input_tokens\":1}"},
                       {"", std::string(1'000'000, '[')},
                       {"", R"({"a":{"error":1,"usage":{"prompt_tokens":1}}})"},
                       {"x.new", R"({"type":"x.new"})"}},
                      facts)
              .find_first_of("UE.") == std::string::npos);
    CHECK(counts_of(facts.usage) == counts_of({}));
    CHECK_FALSE(facts.error);
  }
}

TEST_CASE("ai-gateway protocol: an error is one in every protocol, however it is written") {
  for (const auto operation : kOperations) {
    if (operation == Operation::other) continue;
    for (const auto& frame : std::vector<TestFrame>{{"", R"({"error":{"type":"server_error"}})"},
                                                    {"error", R"({"type":"error","error":{"type":"api_error"}})"},
                                                    {"error", "not JSON"},
                                                    {"error", ""},
                                                    {"", R"({"type":"error","code":"x"})"},
                                                    {"", R"({"error":"text"})"},
                                                    {"", R"({"error":{}})"},
                                                    {"", R"({"\u0065rror":{"code":500}})"},
                                                    {"", R"({"choices":[],"error":{"code":502}})"}}) {
      INFO(name_of(operation) << " " << frame.event << ": " << frame.data);
      ReplyFacts facts;
      CHECK(read_frames(*protocol_of(operation), {frame}, facts) == "E");
      CHECK(facts.error);
    }
    ReplyFacts facts;
    read_frames(*protocol_of(operation),
                {{"", R"({"error":{"type":"first"}})"}, {"", R"({"error":{"type":"second"}})"}}, facts);
    CHECK(facts.error->type == "first");
  }
}

TEST_CASE("ai-gateway protocol: a member is looked for only where it may be") {
  CHECK(may_have(R"({"usage":{}})", "usage"));
  CHECK(may_have("{\"usage\" \n: 1}", "usage"));
  CHECK(may_have(R"({"usage":null,"x":{"usage":1}})", "usage"));
  CHECK(may_have(R"({"us\u0061ge":1})", "usage"));
  CHECK_FALSE(may_have(R"({"usage":null})", "usage"));
  CHECK_FALSE(may_have("{\"usage\" : null}", "usage"));
  CHECK_FALSE(may_have(R"({"x":"usage"})", "usage"));
  CHECK_FALSE(may_have(R"({"x":"\"usage\":1"})", "usage"));
  CHECK_FALSE(may_have(R"({"x":"\u00e9\u003c\u20ac"})", "usage"));
}

TEST_CASE("ai-gateway protocol: parts are never larger than the whole") {
  const Usage usage = clamped({10, 5, 8, 100, 1, 50});
  CHECK(usage == Usage{10, 5, 8, 1, 1, 5});
  CHECK(clamped({10, 5, 80, 1, 1, 5}) == Usage{10, 5, 10, 0, 0, 5});
  CHECK(add_counts(~std::uint64_t{0}, 1) == ~std::uint64_t{0});
}
