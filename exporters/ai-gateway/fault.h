// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol.h"

namespace binnacle::gateway {

/// How one attempt at an upstream ended. The label `result` of aigw_attempts_total.
enum class Fault : std::uint8_t {
  none,             ///< "ok"
  connect,          ///< no connection: refused, unresolved, timed out, TLS
  reset,            ///< the connection ended before the reply's headers were whole
  header_timeout,   ///< no reply's headers in time
  content_timeout,  ///< headers, but no first content in time
  bad_reply,        ///< what came is no HTTP, or no reply of this protocol
  rate_limited,     ///< 429
  quota,            ///< 402, insufficient_quota, a spend limit: waiting does not help
  overloaded,       ///< 503, 529, overloaded_error
  server_error,     ///< 500, 502, 504, 408, other 5xx
  error_frame,      ///< a stream that began with an error that does not say which of these it is
  unauthorized,     ///< 401, 403
  context_length,   ///< the prompt is too long for this model
  client_error,     ///< other 4xx: the request's own fault. 409, too: whether to repeat it only the client knows
  broken_off,       ///< the reply broke off or failed after its first byte had reached the client
  idle_timeout,     ///< the reply fell silent after that
  client_gone,      ///< the client left
};
inline constexpr std::size_t kFaultCount = 17;
std::string_view name_of(Fault fault);

/// What follows from a fault.
struct Verdict {
  bool retry = false;            ///< the same upstream may be tried again
  bool fallback = false;         ///< another one may
  bool breaker_failure = false;  ///< the upstream is to blame (429 is not a failure but a cool-down)
  bool breaker_ignored = false;  ///< tells nothing of the upstream's health (client_gone, client_error, 429)
  bool maybe_billed = false;     ///< the provider may charge for it: at most one more attempt
};
/// After `unauthorized` only another upstream with a key of its own is worth a try: the caller knows which that are.
Verdict verdict_on(Fault fault);

/// What replies' headers say of waiting and of limits.
struct ReplyHeaders {
  std::string_view retry_after;     ///< seconds, with a fraction or not, or an HTTP date
  std::string_view retry_after_ms;  ///< retry-after-ms, or Azure's x-ms-retry-after-ms
};
/// How long to wait; nothing without a valid header: a number without sign and exponent, or a date as RFC 9110 has
/// servers write it. The milliseconds go first. Never negative; at most 24 hours.
std::optional<std::chrono::milliseconds> retry_after(const ReplyHeaders& headers,
                                                     std::chrono::system_clock::time_point now);

/// The fault of a reply by its status and what its body says. Fault::none for 2xx and 3xx without an error. Types and
/// codes that name a quota, a rate limit, an overload or the context's length win over the status; all others count
/// only where the status is no error.
Fault fault_of(int status, const std::optional<UpstreamError>& error);

}  // namespace binnacle::gateway
