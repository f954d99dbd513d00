// SPDX-License-Identifier: Apache-2.0
#include "errors.h"

#include <array>

#include "body_edit.h"

namespace binnacle::gateway {

namespace {

/// Why the gateway answers itself, as every dialect tells it.
struct Row {
  GatewayError error;
  int status;
  std::string_view name;
  std::string_view sentence;
  std::string_view openai;     // error.type
  std::string_view anthropic;  // error.type
  std::string_view gemini;     // error.status
};

using enum GatewayError;

constexpr std::array kRows{
    Row{bad_request, 400, "bad_request", "The gateway cannot read this request.", "invalid_request_error",
        "invalid_request_error", "INVALID_ARGUMENT"},
    Row{unauthorized, 401, "unauthorized", "The gateway wants a valid key of its own.", "authentication_error",
        "authentication_error", "UNAUTHENTICATED"},
    Row{unknown_path, 404, "unknown_path", "The gateway does not know this path.", "invalid_request_error",
        "not_found_error", "NOT_FOUND"},
    Row{unknown_model, 404, "unknown_model", "The gateway does not know this model.", "invalid_request_error",
        "not_found_error", "NOT_FOUND"},
    Row{method, 405, "method", "This path does not take this method.", "invalid_request_error", "invalid_request_error",
        "UNIMPLEMENTED"},
    Row{too_large, 413, "too_large", "The request's body is larger than the gateway takes.", "invalid_request_error",
        "request_too_large", "INVALID_ARGUMENT"},
    Row{headers_too_large, 431, "headers_too_large", "The request's headers are larger than the gateway takes.",
        "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
    Row{rate_limited, 429, "rate_limited", "A rate limit of the gateway is reached.", "rate_limit_error",
        "rate_limit_error", "RESOURCE_EXHAUSTED"},
    Row{queue_full, 503, "queue_full", "The model's queue in the gateway is full.", "server_error", "overloaded_error",
        "UNAVAILABLE"},
    Row{queue_timeout, 503, "queue_timeout", "The request waited too long in the gateway's queue.", "server_error",
        "overloaded_error", "UNAVAILABLE"},
    Row{overloaded, 503, "overloaded", "The gateway has no room for more requests.", "server_error", "overloaded_error",
        "UNAVAILABLE"},
    Row{breaker_open, 503, "breaker_open", "The model's upstreams fail, and are left alone for a while.",
        "server_error", "overloaded_error", "UNAVAILABLE"},
    Row{cooling_down, 429, "cooling_down", "The model's upstreams asked the gateway to wait.", "rate_limit_error",
        "rate_limit_error", "RESOURCE_EXHAUSTED"},
    Row{upstream_error, 502, "upstream_error", "The gateway got no answer from the upstream.", "server_error",
        "api_error", "UNAVAILABLE"},
    Row{upstream_timeout, 504, "upstream_timeout", "The upstream did not answer in time.", "server_error",
        "timeout_error", "DEADLINE_EXCEEDED"},
    Row{shutting_down, 503, "shutting_down", "The gateway is stopping.", "server_error", "overloaded_error",
        "UNAVAILABLE"},
};

constexpr bool in_order() {
  for (std::size_t at = 0; at < kRows.size(); ++at) {
    if (kRows.at(at).error != static_cast<GatewayError>(at)) return false;
  }
  return true;
}
static_assert(in_order() && kRows.size() == static_cast<std::size_t>(shutting_down) + 1);

const Row& row_of(GatewayError error) { return kRows.at(static_cast<std::size_t>(error)); }

std::string message_of(const Row& row, std::string_view detail) {
  std::string text{row.sentence};
  if (!detail.empty()) text += ' ';
  text += detail;
  return text;
}

std::string openai_body(const Row& row, const std::string& message) {
  return R"({"error":{"message":)" + json_string(message) + R"(,"type":)" + json_string(row.openai) +
         R"(,"param":null,"code":)" + json_string(row.name) + "}}";
}

std::string anthropic_body(const Row& row, const std::string& message) {
  return R"({"type":"error","error":{"type":)" + json_string(row.anthropic) + R"(,"message":)" + json_string(message) +
         R"(,"details":{"error_code":)" + json_string(row.name) + "}}}";
}

std::string gemini_body(const Row& row, const std::string& message) {
  return R"({"error":{"code":)" + std::to_string(row.status) + R"(,"message":)" + json_string(message) +
         R"(,"status":)" + json_string(row.gemini) +
         R"(,"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":)" + json_string(row.name) +
         R"(,"domain":"ai-gateway"}]}})";
}

}  // namespace

int status_of(GatewayError error) { return row_of(error).status; }
std::string_view name_of(GatewayError error) { return row_of(error).name; }
std::string_view sentence_of(GatewayError error) { return row_of(error).sentence; }

std::string error_body(Dialect dialect, GatewayError error, std::string_view detail) {
  const auto& row = row_of(error);
  const auto message = message_of(row, detail);
  switch (dialect) {
    case Dialect::openai:
      return openai_body(row, message);
    case Dialect::anthropic:
      return anthropic_body(row, message);
    case Dialect::gemini:
      return gemini_body(row, message);
  }
  return {};
}

std::string error_frame(Dialect dialect, GatewayError error, std::string_view detail) {
  const std::string_view event = dialect == Dialect::anthropic ? "event: error\n" : "";
  return std::string(event) + "data: " + error_body(dialect, error, detail) + "\n\n";
}

}  // namespace binnacle::gateway
