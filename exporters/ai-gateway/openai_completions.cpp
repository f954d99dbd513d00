// SPDX-License-Identifier: Apache-2.0
// POST /v1/completions: a prompt's continuation, OpenAI's older operation and the first of many compatible servers.
#include "openai_common.h"

namespace binnacle::gateway {

namespace {

constexpr auto kRows =
    joined(kOpenaiParts,
           std::array{PartPath{"type", Part::type}, PartPath{"choices.*", Part::choice},
                      PartPath{"choices.*.finish_reason", Part::finish}, PartPath{"choices.*.text", Part::content}});
constexpr auto kPaths = paths_of(kRows);

class OpenaiCompletions final : public OpenaiChunks {
 public:
  OpenaiCompletions() : OpenaiChunks({kRows, kPaths}) {}

  [[nodiscard]] Operation operation() const override { return Operation::completions; }
};

}  // namespace

const Protocol& openai_completions() {
  static const OpenaiCompletions protocol;
  return protocol;
}

}  // namespace binnacle::gateway
