// SPDX-License-Identifier: Apache-2.0
// Requests of /api/ai/process, the calls made of them, and replies read for it.
#include "ai-gateway/process_api.h"

#include <nlohmann/json.hpp>
#include <string>

#include "ai-gateway/errors.h"
#include "core/text.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::gateway;
using Json = nlohmann::json;

/// What the gateway writes is JSON in one line of UTF-8.
Json sound(const std::string& text) {
  require(is_utf8(text), "what is written is UTF-8");
  require(text.find('\n') == std::string::npos, "what is written is one line");
  auto json = Json::parse(text, nullptr, false);
  require(!json.is_discarded(), "what is written is JSON");
  return json;
}

void read_request(std::string_view body) {
  ProcessRequest request;
  if (!accepts([&] { request = parse_process_request(body); })) return;
  require(!request.model.empty() && !request.messages.empty(), "what is taken has a model and a message");
  for (const auto dialect : kDialects) {
    const auto call = process_call(request, dialect, request.model);
    sound(call.body);
    require(call.target.find_first_of(" ?#\r\n") == std::string::npos, "a target is a plain path");
    const auto* const protocol = protocol_of(process_operation(dialect));
    require(protocol != nullptr, "a call is of a known operation");
    const auto facts = protocol->read_request(call.body);
    require(!facts.stream, "a call asks for a whole reply");
    require(facts.model.empty() || facts.model == request.model, "a call names its model");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_text(data, size);
  read_request(bytes);
  for (const auto dialect : kDialects) {
    if (const auto reply = parse_process_reply(dialect, bytes)) {
      ProcessResult result;
      result.model = bytes;
      result.reply = *reply;
      require(sound(process_json(result)).at("text") == reply->text, "a text is written as it is");
    }
    sound(error_body(dialect, GatewayError::bad_request, bytes));
    sound(models_json(dialect, {{std::string(bytes), dialect, "available", {std::string(bytes)}, 0, 0}}));
  }
  sound(process_list_json({{std::string(bytes), Dialect::openai, "available", {std::string(bytes)}, 0, 0}}));
  sound(process_error("code", bytes));
  return 0;
}
