// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol.h"

namespace binnacle::gateway {

/// Why the gateway itself answers with an error.
enum class GatewayError : std::uint8_t {
  bad_request,        ///< 400
  unauthorized,       ///< 401: the gateway wants a key of its own
  unknown_path,       ///< 404
  unknown_model,      ///< 404
  method,             ///< 405
  too_large,          ///< 413
  headers_too_large,  ///< 431
  rate_limited,       ///< 429: a limit of the config
  queue_full,         ///< 503
  queue_timeout,      ///< 503
  overloaded,         ///< 503: too many connections or bytes held
  breaker_open,       ///< 503
  cooling_down,       ///< 429: every upstream asked us to wait
  upstream_error,     ///< 502: connect, reset, no HTTP
  upstream_timeout,   ///< 504
  shutting_down,      ///< 503
};

int status_of(GatewayError error);
/// As it stands in the body and in logs: "queue_full". OpenAI's shape has it in error.code, Anthropic's in
/// error.details.error_code, Gemini's in the reason of an ErrorInfo among error.details.
std::string_view name_of(GatewayError error);
/// The one sentence for the client.
std::string_view sentence_of(GatewayError error);

/// The JSON body of an error in the shape that the dialect's SDKs turn into their typed errors; `detail` is appended to
/// the sentence, and may be empty.
std::string error_body(Dialect dialect, GatewayError error, std::string_view detail);
/// The same as an SSE frame, for a stream that has begun.
std::string error_frame(Dialect dialect, GatewayError error, std::string_view detail);

}  // namespace binnacle::gateway
