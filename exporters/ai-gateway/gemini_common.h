// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "protocol_common.h"

namespace binnacle::gateway {

/// What replies to generateContent and embedContent tell in the same words.
inline constexpr auto kGeminiParts =
    joined(kErrorParts, std::array{PartPath{"usageMetadata.promptTokenCount", Part::input},
                                   PartPath{"usageMetadata.candidatesTokenCount", Part::output},
                                   PartPath{"usageMetadata.totalTokenCount", Part::total},
                                   PartPath{"usageMetadata.cachedContentTokenCount", Part::cached_input},
                                   PartPath{"usageMetadata.thoughtsTokenCount", Part::reasoning},
                                   PartPath{"usageMetadata.toolUsePromptTokenCount", Part::tool_input},
                                   PartPath{"modelVersion", Part::model}, PartPath{"type", Part::type}});

/// A body whose path names the model may name it, too, and an upstream wants both to be the same: "models/NAME".
std::string with_gemini_model(std::string_view body, std::string_view model);

}  // namespace binnacle::gateway
