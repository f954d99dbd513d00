// SPDX-License-Identifier: Apache-2.0
#include "errors.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

using namespace binnacle::gateway;
using Json = nlohmann::json;

namespace {

constexpr int kLast = static_cast<int>(GatewayError::shutting_down);

}  // namespace

TEST_CASE("every error has a status, a name and a sentence", "[errors]") {
  std::set<std::string_view> names;
  for (int at = 0; at <= kLast; ++at) {
    const auto error = static_cast<GatewayError>(at);
    CAPTURE(at);
    CHECK(status_of(error) >= 400);
    CHECK(status_of(error) < 600);
    CHECK(sentence_of(error).ends_with('.'));
    CHECK(names.insert(name_of(error)).second);
  }
  CHECK(status_of(GatewayError::bad_request) == 400);
  CHECK(status_of(GatewayError::unknown_model) == 404);
  CHECK(status_of(GatewayError::headers_too_large) == 431);
  CHECK(status_of(GatewayError::cooling_down) == 429);
  CHECK(status_of(GatewayError::upstream_timeout) == 504);
  CHECK(name_of(GatewayError::queue_full) == "queue_full");
}

TEST_CASE("each dialect has its own shape of errors", "[errors]") {
  const auto openai = Json::parse(error_body(Dialect::openai, GatewayError::rate_limited, ""));
  CHECK(openai == Json::parse(R"({"error":{"message":"A rate limit of the gateway is reached.",
                                  "type":"rate_limit_error","param":null,"code":"rate_limited"}})"));
  const auto anthropic = Json::parse(error_body(Dialect::anthropic, GatewayError::queue_full, ""));
  CHECK(anthropic == Json::parse(R"({"type":"error","error":{"type":"overloaded_error",
                                     "message":"The model's queue in the gateway is full.",
                                     "details":{"error_code":"queue_full"}}})"));
  const auto gemini = Json::parse(error_body(Dialect::gemini, GatewayError::cooling_down, ""));
  CHECK(gemini == Json::parse(R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED",
                                  "message":"The model's upstreams asked the gateway to wait.",
                                  "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",
                                              "reason":"cooling_down","domain":"ai-gateway"}]}})"));
}

TEST_CASE("a detail is appended, and cannot break out of the text", "[errors]") {
  for (const auto dialect : kDialects) {
    for (int at = 0; at <= kLast; ++at) {
      const auto error = static_cast<GatewayError>(at);
      const auto body = Json::parse(error_body(dialect, error, "model \"x\\\n\n\xff\xc3\xa9"));
      CHECK(body.at("error").at("message") == std::string(sentence_of(error)) + " model \"x\\\n\n\xef\xbf\xbd\xc3\xa9");
    }
  }
}

TEST_CASE("an error within a stream is one frame", "[errors]") {
  for (const auto dialect : kDialects) {
    const auto frame = error_frame(dialect, GatewayError::upstream_timeout, "after\n\n5 s");
    const std::string head = dialect == Dialect::anthropic ? "event: error\ndata: " : "data: ";
    CHECK(frame == head + error_body(dialect, GatewayError::upstream_timeout, "after\n\n5 s") + "\n\n");
    CHECK(frame.find("\n\n") == frame.size() - 2);
  }
}
