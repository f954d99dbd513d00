// SPDX-License-Identifier: Apache-2.0
#include "process_api.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace binnacle::gateway {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthLimit = 64;
constexpr std::size_t kValueLimit = 1'000'000;
/// Anthropic wants a maximum with every request.
constexpr std::uint64_t kAnthropicMaxTokens = 1024;
constexpr std::uint64_t kMaxTokensLimit = 1'000'000'000;
constexpr double kTemperatureLimit = 2;

/// Before anything is made of a text: what has more brackets or commas is not worth parsing.
bool within_limits(std::string_view text) {
  int depth = 0;
  std::size_t values = 1;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size() && depth <= kDepthLimit && values <= kValueLimit; ++at) {
    const char byte = text[at];
    if (byte == '"') in_string = !in_string;
    if (in_string && byte == '\\') ++at;
    if (in_string) continue;
    if (byte == '{' || byte == '[') ++depth;
    if (byte == '}' || byte == ']') --depth;
    if (byte == ',' || byte == '{' || byte == '[') ++values;
  }
  return depth <= kDepthLimit && values <= kValueLimit;
}

/// Discarded where the text is no JSON.
Json read_json(std::string_view text) {
  if (!within_limits(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}

/// Invalid UTF-8 becomes U+FFFD.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* find(const Json* value, std::string_view key) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const auto found = value->find(key);
  return found == value->end() ? nullptr : &*found;
}

const Json* first(const Json* value) {
  return value == nullptr || !value->is_array() || value->empty() ? nullptr : &value->front();
}

std::string text_of(const Json* value) {
  return value == nullptr || !value->is_string() ? std::string{} : value->get<std::string>();
}

std::string require_text(const Json& value, const std::string& key) {
  if (!value.is_string()) throw BadRequest(key + " has to be a text");
  return value.get<std::string>();
}

/// All members of an object are among these. A key of the client's is shown cut, and as UTF-8.
void require_known(const Json& object, std::initializer_list<std::string_view> known, const std::string& where) {
  for (const auto& [key, value] : object.items()) {
    bool found = false;
    for (const auto name : known) found = found || key == name;
    if (!found) throw BadRequest("unknown key " + to_utf8(binnacle::quoted(key)) + where);
  }
}

ProcessRequest::Message parse_message(const Json& message) {
  if (!message.is_object()) throw BadRequest("each of messages has to be an object");
  require_known(message, {"role", "content"}, " in messages");
  const auto* const role = find(&message, "role");
  const auto* const content = find(&message, "content");
  if (role == nullptr || content == nullptr) throw BadRequest("each of messages needs role and content");
  ProcessRequest::Message parsed{require_text(*role, "role"), require_text(*content, "content")};
  if (parsed.role != "user" && parsed.role != "assistant") throw BadRequest("role has to be user or assistant");
  return parsed;
}

std::vector<ProcessRequest::Message> parse_messages(const Json& body) {
  const auto* const prompt = find(&body, "prompt");
  const auto* const messages = find(&body, "messages");
  if ((prompt == nullptr) == (messages == nullptr)) throw BadRequest("expected either prompt or messages");
  if (prompt != nullptr) return {{"user", require_text(*prompt, "prompt")}};
  if (!messages->is_array() || messages->empty()) throw BadRequest("messages has to be a list of at least one");
  std::vector<ProcessRequest::Message> parsed;
  for (const auto& message : *messages) parsed.push_back(parse_message(message));
  return parsed;
}

/// A JSON text of an object, no key of which comes twice: readers differ on which of them counts.
Json parse_object(std::string_view body) {
  if (!within_limits(body)) throw BadRequest("the body is nested too deeply, or has too many values");
  bool twice = false;
  std::vector<std::vector<std::string>> keys;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event != Json::parse_event_t::key) return true;
    auto& seen = keys.back();
    const auto key = value.get<std::string>();
    // Objects of known keys are small; others are refused anyway.
    for (const auto& other : seen) twice = twice || other == key;
    if (seen.size() < 16) seen.push_back(key);
    return true;
  };
  auto parsed = Json::parse(body, watch, false);
  if (parsed.is_discarded()) throw BadRequest("the body is no JSON");
  if (!parsed.is_object()) throw BadRequest("the body has to be a JSON object");
  if (twice) throw BadRequest("a key comes twice");
  return parsed;
}

Json openai_call(const ProcessRequest& request, std::string_view model) {
  auto messages = Json::array();
  if (!request.system.empty()) messages.push_back({{"role", "system"}, {"content", request.system}});
  for (const auto& message : request.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  Json body{{"model", model}, {"messages", std::move(messages)}};
  if (request.max_tokens) body["max_completion_tokens"] = *request.max_tokens;
  if (request.temperature) body["temperature"] = *request.temperature;
  return body;
}

Json anthropic_call(const ProcessRequest& request, std::string_view model) {
  auto messages = Json::array();
  for (const auto& message : request.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  Json body{{"model", model}, {"max_tokens", request.max_tokens.value_or(kAnthropicMaxTokens)}};
  if (!request.system.empty()) body["system"] = request.system;
  body["messages"] = std::move(messages);
  if (request.temperature) body["temperature"] = *request.temperature;
  return body;
}

Json gemini_parts(const std::string& text) {
  auto parts = Json::array();
  parts.push_back({{"text", text}});
  return parts;
}

Json gemini_call(const ProcessRequest& request) {
  auto contents = Json::array();
  for (const auto& message : request.messages) {
    contents.push_back(
        {{"role", message.role == "assistant" ? "model" : "user"}, {"parts", gemini_parts(message.content)}});
  }
  Json body;
  body["contents"] = std::move(contents);
  if (!request.system.empty()) body["systemInstruction"]["parts"] = gemini_parts(request.system);
  if (request.max_tokens) body["generationConfig"]["maxOutputTokens"] = *request.max_tokens;
  if (request.temperature) body["generationConfig"]["temperature"] = *request.temperature;
  return body;
}

/// A name as one segment of a path.
std::string path_segment(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~@").find(c) != std::string_view::npos;
    if (plain) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kHex[byte >> 4U];
    text += kHex[byte & 15U];
  }
  return text;
}

struct Reason {
  std::string_view theirs;
  std::string_view ours;
};
constexpr std::array kReasons{
    // OpenAI
    Reason{"stop", "stop"},
    Reason{"length", "length"},
    Reason{"tool_calls", "tool"},
    Reason{"function_call", "tool"},
    Reason{"content_filter", "filter"},
    // Anthropic
    Reason{"end_turn", "stop"},
    Reason{"stop_sequence", "stop"},
    Reason{"max_tokens", "length"},
    Reason{"model_context_window_exceeded", "length"},
    Reason{"tool_use", "tool"},
    Reason{"refusal", "filter"},
    // Gemini
    Reason{"STOP", "stop"},
    Reason{"MAX_TOKENS", "length"},
    Reason{"SAFETY", "filter"},
    Reason{"RECITATION", "filter"},
    Reason{"BLOCKLIST", "filter"},
    Reason{"PROHIBITED_CONTENT", "filter"},
    Reason{"SPII", "filter"},
    Reason{"IMAGE_SAFETY", "filter"},
};

std::string reason_of(const std::string& theirs) {
  for (const auto& reason : kReasons) {
    if (reason.theirs == theirs) return std::string(reason.ours);
  }
  return "other";
}

/// The texts of a list of parts, one after the other.
std::string joined_texts(const Json* parts, bool (*is_text)(const Json& part)) {
  std::string text;
  if (parts == nullptr || !parts->is_array()) return text;
  for (const auto& part : *parts) {
    if (is_text(part)) text += text_of(find(&part, "text"));
  }
  return text;
}

bool is_typed_text(const Json& part) { return text_of(find(&part, "type")) == "text"; }
bool is_no_thought(const Json& part) {
  const auto* const thought = find(&part, "thought");
  return thought == nullptr || !thought->is_boolean() || !thought->get<bool>();
}

std::optional<ProcessReply> openai_reply(const Json& body) {
  const auto* const choice = first(find(&body, "choices"));
  const auto* const message = find(choice, "message");
  if (message == nullptr || !message->is_object()) return std::nullopt;
  const auto* const content = find(message, "content");
  auto text = text_of(content) + joined_texts(content, is_typed_text);
  if (text.empty()) text = text_of(find(message, "refusal"));
  return ProcessReply{std::move(text), reason_of(text_of(find(choice, "finish_reason")))};
}

std::optional<ProcessReply> anthropic_reply(const Json& body) {
  const auto* const content = find(&body, "content");
  if (content == nullptr || !content->is_array()) return std::nullopt;
  return ProcessReply{joined_texts(content, is_typed_text), reason_of(text_of(find(&body, "stop_reason")))};
}

std::optional<ProcessReply> gemini_reply(const Json& body) {
  const auto* const candidate = first(find(&body, "candidates"));
  if (candidate != nullptr) {
    return ProcessReply{joined_texts(find(find(candidate, "content"), "parts"), is_no_thought),
                        reason_of(text_of(find(candidate, "finishReason")))};
  }
  // A prompt that was refused has no candidates.
  if (text_of(find(find(&body, "promptFeedback"), "blockReason")).empty()) return std::nullopt;
  return ProcessReply{"", "filter"};
}

Json usage_json(const Usage& usage) {
  return {{"input", usage.input},
          {"output", usage.output},
          {"cached_input", usage.cached_input},
          {"cache_write", usage.cache_write()},
          {"reasoning", usage.reasoning}};
}

/// The providers' lists say who has made a model and when; the gateway does not know.
Json model_entry(Dialect dialect, const std::string& name) {
  switch (dialect) {
    case Dialect::openai:
      return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "ai-gateway"}};
    case Dialect::anthropic:
      return {{"type", "model"}, {"id", name}, {"display_name", name}, {"created_at", "1970-01-01T00:00:00Z"}};
    case Dialect::gemini:
      return {{"name", "models/" + name},
              {"displayName", name},
              {"supportedGenerationMethods", {"generateContent", "streamGenerateContent", "embedContent"}}};
  }
  return {};
}

}  // namespace

ProcessRequest parse_process_request(std::string_view text) {
  const auto body = parse_object(text);
  require_known(body, {"model", "prompt", "messages", "system", "max_tokens", "temperature"}, "");
  ProcessRequest request;
  const auto* const model = find(&body, "model");
  if (model == nullptr) throw BadRequest("model is missing");
  request.model = require_text(*model, "model");
  if (request.model.empty()) throw BadRequest("model is empty");
  request.messages = parse_messages(body);
  if (const auto* const system = find(&body, "system")) request.system = require_text(*system, "system");
  if (const auto* const tokens = find(&body, "max_tokens")) {
    const bool good = tokens->is_number_unsigned() && tokens->get<std::uint64_t>() > 0 &&
                      tokens->get<std::uint64_t>() <= kMaxTokensLimit;
    if (!good) throw BadRequest("max_tokens has to be a whole number above 0");
    request.max_tokens = tokens->get<std::uint64_t>();
  }
  if (const auto* const temperature = find(&body, "temperature")) {
    const bool good =
        temperature->is_number() && temperature->get<double>() >= 0 && temperature->get<double>() <= kTemperatureLimit;
    if (!good) throw BadRequest("temperature has to be a number from 0 to 2");
    request.temperature = temperature->get<double>();
  }
  return request;
}

Operation process_operation(Dialect dialect) {
  switch (dialect) {
    case Dialect::anthropic:
      return Operation::messages;
    case Dialect::gemini:
      return Operation::generate_content;
    case Dialect::openai:
      break;
  }
  return Operation::chat;
}

ProcessCall process_call(const ProcessRequest& request, Dialect dialect, std::string_view model) {
  switch (dialect) {
    case Dialect::openai:
      return {"/v1/chat/completions", dump(openai_call(request, model))};
    case Dialect::anthropic:
      return {"/v1/messages", dump(anthropic_call(request, model))};
    case Dialect::gemini:
      return {"/v1beta/models/" + path_segment(model) + ":generateContent", dump(gemini_call(request))};
  }
  return {};
}

std::optional<ProcessReply> parse_process_reply(Dialect dialect, std::string_view text) {
  const auto body = read_json(text);
  if (!body.is_object()) return std::nullopt;
  switch (dialect) {
    case Dialect::openai:
      return openai_reply(body);
    case Dialect::anthropic:
      return anthropic_reply(body);
    case Dialect::gemini:
      return gemini_reply(body);
  }
  return std::nullopt;
}

std::string process_json(const ProcessResult& result) {
  Json body{{"model", result.model},
            {"upstream", result.upstream},
            {"text", result.reply.text},
            {"finish_reason", result.reply.finish_reason}};
  body["usage"] = result.usage ? usage_json(*result.usage) : Json();
  body["cost_usd"] = result.cost_usd && std::isfinite(*result.cost_usd) ? Json(*result.cost_usd) : Json();
  body["attempts"] = result.attempts;
  body["duration_seconds"] = result.duration_seconds;
  return dump(body);
}

std::string process_error(std::string_view code, std::string_view message) {
  Json body;
  body["error"] = {{"code", code}, {"message", message}};
  return dump(body);
}

std::string process_list_json(const std::vector<ModelState>& models) {
  auto list = Json::array();
  for (const auto& model : models) {
    list.push_back({{"name", model.name},
                    {"dialect", name_of(model.dialect)},
                    {"state", model.state},
                    {"upstreams", model.upstreams},
                    {"in_flight", model.in_flight},
                    {"queued", model.queued}});
  }
  Json body;
  body["models"] = std::move(list);
  return dump(body);
}

std::string models_json(Dialect dialect, const std::vector<ModelState>& models) {
  auto list = Json::array();
  for (const auto& model : models) list.push_back(model_entry(dialect, model.name));
  Json body;
  if (dialect == Dialect::openai) body["object"] = "list";
  body[dialect == Dialect::gemini ? "models" : "data"] = std::move(list);
  if (dialect == Dialect::anthropic) {
    body["has_more"] = false;
    body["first_id"] = models.empty() ? Json() : Json(models.front().name);
    body["last_id"] = models.empty() ? Json() : Json(models.back().name);
  }
  return dump(body);
}

}  // namespace binnacle::gateway
