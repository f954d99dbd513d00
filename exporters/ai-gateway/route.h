// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "protocol.h"

namespace binnacle::gateway {

/// Where a request goes by its method, path and the client's dialect.
struct Route {
  enum class Kind : std::uint8_t {
    metered,       ///< an operation of protocol_of(operation)
    pass,          ///< another path, of an upstream of `dialect`
    models,        ///< GET /v1/models, /v1beta/models: the configured models in the dialect's shape
    process,       ///< POST /api/ai/process
    process_list,  ///< GET /api/ai/process
    bad_path,      ///< a path that no upstream can have: "..", "//", a scheme, control characters
    bad_method,    ///< a known path of ours with another method
  };
  Kind kind = Kind::pass;
  Dialect dialect = Dialect::openai;
  Operation operation = Operation::other;
  bool stream = false;  ///< the path says so (Gemini)
  bool sse = false;     ///< Gemini's alt=sse
  std::string model;    ///< that the path names (Gemini), percent-decoded
  Span model_at;        ///< where in the target
};

/// `target` is the request's path with its query; `anthropic` tells that the request has a header anthropic-version,
/// without which /v1/models is OpenAI's. Paths work with and without a leading /v1 for OpenAI's operations.
Route route(std::string_view method, std::string_view target, bool anthropic);

/// The target with each value of its query replaced by "…", for logs.
std::string redact_query(std::string_view target);

}  // namespace binnacle::gateway
