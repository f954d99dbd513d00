// SPDX-License-Identifier: Apache-2.0
#include "protocol.h"

#include <algorithm>

#include "body_edit.h"

namespace binnacle::gateway {

std::string_view name_of(Dialect dialect) {
  constexpr std::array<std::string_view, kDialects.size()> kNames{"openai", "anthropic", "gemini"};
  return kNames.at(static_cast<std::size_t>(dialect));
}

std::optional<Dialect> dialect_of(std::string_view name) {
  const auto* const found =
      std::find_if(kDialects.begin(), kDialects.end(), [&](Dialect dialect) { return name_of(dialect) == name; });
  if (found == kDialects.end()) return std::nullopt;
  return *found;
}

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, kOperationCount> kNames{
      "chat", "completions", "embeddings", "responses", "messages", "generate_content", "embed_content", "other"};
  return kNames.at(static_cast<std::size_t>(operation));
}

std::string Protocol::with_model(std::string_view body, const RequestFacts& facts, std::string_view model) const {
  return facts.model_at ? with_string(body, *facts.model_at, model) : std::string{body};
}

const Protocol* protocol_of(Operation operation) {
  switch (operation) {
    case Operation::chat:
      return &openai_chat();
    case Operation::completions:
      return &openai_completions();
    case Operation::embeddings:
      return &openai_embeddings();
    case Operation::responses:
      return &openai_responses();
    case Operation::messages:
      return &anthropic_messages();
    case Operation::generate_content:
      return &gemini_generate();
    case Operation::embed_content:
      return &gemini_embed();
    case Operation::other:
      break;
  }
  return nullptr;
}

}  // namespace binnacle::gateway
