// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol.h"

namespace binnacle::gateway {

/// A request of POST /api/ai/process: {"model": …, "prompt": … | "messages": [{"role","content"}], "system"?,
/// "max_tokens"?, "temperature"?}. Other keys are an error that names them.
struct ProcessRequest {
  struct Message {
    std::string role;  ///< user or assistant
    std::string content;
  };
  std::string model;
  std::string system;
  std::vector<Message> messages;  ///< a prompt is one message of the user
  std::optional<std::uint64_t> max_tokens;
  std::optional<double> temperature;
};

/// Throws BadRequest.
ProcessRequest parse_process_request(std::string_view body);

/// What is sent to an upstream instead.
struct ProcessCall {
  std::string target;  ///< path with query: "/v1/chat/completions"
  std::string body;
};
/// The operation that it becomes.
Operation process_operation(Dialect dialect);
/// `model`: the upstream's own name of it.
ProcessCall process_call(const ProcessRequest& request, Dialect dialect, std::string_view model);

/// The answer's text and why it ended, of a whole reply of that dialect. Nothing when it has none.
struct ProcessReply {
  std::string text;
  std::string finish_reason;  ///< stop, length, tool, filter or other
};
std::optional<ProcessReply> parse_process_reply(Dialect dialect, std::string_view body);

/// The one shape: {"model","upstream","text","finish_reason","usage":{…}|null,"cost_usd":…|null,"attempts":n,
/// "duration_seconds":x}.
struct ProcessResult {
  std::string model;
  std::string upstream;
  ProcessReply reply;
  std::optional<Usage> usage;
  std::optional<double> cost_usd;
  int attempts = 1;
  double duration_seconds = 0;
};
std::string process_json(const ProcessResult& result);

/// {"error":{"code","message"}} for /api/ai/process, whatever the dialect of the upstream.
std::string process_error(std::string_view code, std::string_view message);

/// A configured model and how it is just now.
struct ModelState {
  std::string name;
  Dialect dialect = Dialect::openai;   ///< of its first target
  std::string state;                   ///< available, degraded (a fallback is in use) or unavailable
  std::vector<std::string> upstreams;  ///< in their order
  std::size_t in_flight = 0;
  std::size_t queued = 0;
};
std::string process_list_json(const std::vector<ModelState>& models);
/// GET /v1/models and /v1beta/models in the dialect's own shape.
std::string models_json(Dialect dialect, const std::vector<ModelState>& models);

}  // namespace binnacle::gateway
