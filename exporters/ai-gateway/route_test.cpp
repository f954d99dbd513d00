// SPDX-License-Identifier: Apache-2.0
#include "route.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace binnacle::gateway;

namespace {

using Kind = Route::Kind;

struct Row {
  std::string_view method;
  std::string_view target;
  bool anthropic;
  Kind kind;
  Dialect dialect;
  Operation operation;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    INFO(row.method << " " << row.target << (row.anthropic ? " (anthropic)" : ""));
    const auto found = route(row.method, row.target, row.anthropic);
    CHECK(static_cast<int>(found.kind) == static_cast<int>(row.kind));
    CHECK(name_of(found.dialect) == name_of(row.dialect));
    CHECK(name_of(found.operation) == name_of(row.operation));
  }
}

}  // namespace

TEST_CASE("ai-gateway route: operations are known by method and path") {
  check({
      {"POST", "/v1/chat/completions", false, Kind::metered, Dialect::openai, Operation::chat},
      {"POST", "/chat/completions", false, Kind::metered, Dialect::openai, Operation::chat},
      {"POST", "/v1/chat/completions/", false, Kind::metered, Dialect::openai, Operation::chat},
      {"POST", "/v1/chat/completions?x=1", true, Kind::metered, Dialect::openai, Operation::chat},
      {"POST", "/v1/%63hat/completions", false, Kind::metered, Dialect::openai, Operation::chat},
      {"POST", "/V1/Chat/Completions", false, Kind::metered, Dialect::openai, Operation::chat},
      {"POST", "/v1/completions", false, Kind::metered, Dialect::openai, Operation::completions},
      {"POST", "/completions", false, Kind::metered, Dialect::openai, Operation::completions},
      {"POST", "/v1/embeddings", false, Kind::metered, Dialect::openai, Operation::embeddings},
      {"POST", "/v1/responses", false, Kind::metered, Dialect::openai, Operation::responses},
      {"POST", "/v1/messages", false, Kind::metered, Dialect::anthropic, Operation::messages},
      {"POST", "/v1/messages?beta=true", true, Kind::metered, Dialect::anthropic, Operation::messages},
      {"POST", "/v1beta/models/g:generateContent", false, Kind::metered, Dialect::gemini, Operation::generate_content},
      {"POST", "/v1/models/g:generateContent", false, Kind::metered, Dialect::gemini, Operation::generate_content},
      {"POST", "/v1alpha/models/g:embedContent", false, Kind::metered, Dialect::gemini, Operation::embed_content},
      {"POST", "/v1beta/models/g:batchEmbedContents", false, Kind::metered, Dialect::gemini, Operation::embed_content},
      {"POST", "/v1beta/tunedModels/g:generateContent", false, Kind::metered, Dialect::gemini,
       Operation::generate_content},
      {"GET", "/v1/models", false, Kind::models, Dialect::openai, Operation::other},
      {"GET", "/models/", false, Kind::models, Dialect::openai, Operation::other},
      {"GET", "/v1/models?limit=5", true, Kind::models, Dialect::anthropic, Operation::other},
      {"GET", "/v1beta/models?pageSize=5", false, Kind::models, Dialect::gemini, Operation::other},
      {"POST", "/api/ai/process", false, Kind::process, Dialect::openai, Operation::other},
      {"GET", "/api/ai/process", false, Kind::process_list, Dialect::openai, Operation::other},
  });
}

TEST_CASE("ai-gateway route: other paths pass, to their dialect") {
  check({
      {"GET", "/v1/chat/completions", false, Kind::pass, Dialect::openai, Operation::other},
      {"GET", "/v1/responses/resp_1", false, Kind::pass, Dialect::openai, Operation::other},
      {"DELETE", "/v1/responses/resp_1", false, Kind::pass, Dialect::openai, Operation::other},
      {"POST", "/v1/responses/resp_1/cancel", false, Kind::pass, Dialect::openai, Operation::other},
      {"GET", "/v1/models/ft:gpt-4o:org::id", false, Kind::pass, Dialect::openai, Operation::other},
      {"GET", "/v1/models/claude", true, Kind::pass, Dialect::anthropic, Operation::other},
      {"POST", "/openai/deployments/NAME/chat/completions", false, Kind::pass, Dialect::openai, Operation::other},
      {"POST", "/v1/messages/count_tokens", false, Kind::pass, Dialect::anthropic, Operation::other},
      {"POST", "/v1/messages/batches", true, Kind::pass, Dialect::anthropic, Operation::other},
      {"POST", "/v1/files", true, Kind::pass, Dialect::anthropic, Operation::other},
      {"POST", "/v1/files", false, Kind::pass, Dialect::openai, Operation::other},
      {"POST", "/v1beta/models/g:countTokens", false, Kind::pass, Dialect::gemini, Operation::other},
      {"GET", "/v1beta/models/g", false, Kind::pass, Dialect::gemini, Operation::other},
      {"POST", "/upload/v1beta/files", false, Kind::pass, Dialect::gemini, Operation::other},
      {"POST", "/v2/models/g:generateContent", false, Kind::pass, Dialect::openai, Operation::other},
      {"POST", "/models/g:generateContent", false, Kind::pass, Dialect::openai, Operation::other},
      {"GET", "/", false, Kind::pass, Dialect::openai, Operation::other},
      {"POST", "/v1/chat/completions/x", false, Kind::pass, Dialect::openai, Operation::other},
  });
}

TEST_CASE("ai-gateway route: methods that a known path has not") {
  for (const std::string_view method : {"PUT", "DELETE", "PATCH", "HEAD", "post", ""}) {
    INFO(method);
    for (const std::string_view target : {"/v1/chat/completions", "/v1/embeddings", "/v1/responses", "/v1/messages",
                                          "/v1/models", "/v1beta/models", "/api/ai/process"}) {
      INFO(target);
      CHECK(route(method, target, false).kind == Kind::bad_method);
    }
  }
  CHECK(route("GET", "/v1/messages", true).kind == Kind::bad_method);
  CHECK(route("POST", "/v1/models", false).kind == Kind::bad_method);
}

TEST_CASE("ai-gateway route: Gemini's model is the path's, and where it stands") {
  struct Model {
    std::string target;
    std::string model;
    std::string raw;
    bool stream;
    bool sse;
  };
  const std::vector<Model> rows{
      {"/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", "gemini-2.5-pro", false, false},
      {"/v1beta/models/g:streamGenerateContent?alt=sse&key=k", "g", "g", true, true},
      {"/v1beta/models/g:streamGenerateContent?key=k&%61lt=ss%65", "g", "g", true, true},
      {"/v1beta/models/g:streamGenerateContent?$alt=sse", "g", "g", true, true},
      {"/v1beta/models/g:streamGenerateContent?alt=sse&alt=json", "g", "g", true, false},
      {"/v1beta/models/g:streamGenerateContent?malt=sse", "g", "g", true, false},
      {"/v1beta/models/g:streamGenerateContent?alt", "g", "g", true, false},
      {"/v1beta/models/g:streamGenerateContent", "g", "g", true, false},
      {"/v1beta/models/g:generateContent?alt=sse", "g", "g", false, false},
      {"/v1beta/models/a:b:generateContent/", "a:b", "a:b", false, false},
      {"/v1beta/models/a%20b%3AgenerateContent", "a b", "a%20b", false, false},
      {"/v1beta/tunedModels/t-1:generateContent", "t-1", "t-1", false, false},
  };
  for (const auto& row : rows) {
    INFO(row.target);
    const auto found = route("POST", row.target, false);
    REQUIRE(found.kind == Kind::metered);
    CHECK(found.model == row.model);
    CHECK(row.target.substr(found.model_at.begin, found.model_at.size()) == row.raw);
    CHECK(found.stream == row.stream);
    CHECK(found.sse == row.sse);
  }
}

TEST_CASE("ai-gateway route: paths that could be taken for others are refused") {
  for (const std::string_view target : {"",
                                        "*",
                                        "v1/chat/completions",
                                        "http://a/v1/chat/completions",
                                        "//a/v1",
                                        "/v1//chat/completions",
                                        "/v1/../x",
                                        "/v1/.",
                                        "/..",
                                        "/v1/%2e%2E/x",
                                        "/v1/%2e",
                                        "/v1/a%2Fb",
                                        "/v1/a%5cb",
                                        "/v1/a\\b",
                                        "/v1/%252e",
                                        "/v1/a%00",
                                        "/v1/a%0d%0aX:1",
                                        "/v1/a b",
                                        "/v1/a\r\nb",
                                        "/v1/a\x7F",
                                        "/v1/caf\xC3\xA9",
                                        "/v1/%",
                                        "/v1/%1",
                                        "/v1/%zz",
                                        "/v1/..;x/y",
                                        "/v1/chat/completions;x",
                                        "/v1/chat/completions#x",
                                        "/v1/x?a=b#c",
                                        "/v1/x?a=\x01",
                                        "?a=b",
                                        "/v1beta/models/:generateContent",
                                        "/v1/chat/completions%3Fx",
                                        "/v1/a%23"}) {
    INFO(target);
    CHECK(route("POST", target, false).kind == Kind::bad_path);
  }
  const auto long_target = "/v1/" + std::string(8 << 10, 'a');
  CHECK(route("POST", long_target, false).kind == Kind::bad_path);
  CHECK(route("POST", long_target.substr(0, 8 << 10), false).kind == Kind::pass);
}

TEST_CASE("ai-gateway route: a query's values are not shown") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"/p", "/p"},
      {"/p?", "/p?"},
      {"/p?key=secret", "/p?key=…"},
      {"/p?alt=sse&key=secret", "/p?alt=…&key=…"},
      {"/p?secret", "/p?…"},
      {"/p?a=secret=secret&&secret&b=", "/p?a=…&&…&b=…"},
      {"/p#secret", "/p#…"},
      {"/p?x=1#secret=1", "/p?x=…"},
      {"/p?" + std::string(65, 's') + "=1", "/p?…"},
      {"/p?\nsecret=1", "/p?…"},
      {"/p\n", "/p?"},
      {"http://user:secret@host/", "…"},
      {"", "…"},
  };
  for (const auto& [target, redacted] : rows) {
    INFO(target);
    CHECK(redact_query(target) == redacted);
  }
  CHECK(redact_query("/" + std::string(5000, 'a') + "?k=secret").size() < 1100);
}
