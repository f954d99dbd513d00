// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "errors.h"
#include "gateway_config.h"
#include "http_message.h"
#include "route.h"

namespace binnacle::gateway {

/// What of a client's request changes on its way to an upstream.
struct UpstreamHead {
  std::string_view method;
  std::string target;                ///< with the upstream's own path before it
  const Headers* headers = nullptr;  ///< the client's
  std::size_t body_bytes = 0;
  bool drop_encoding = false;     ///< the body is sent decoded
  bool identity = false;          ///< the answer is not to be compressed
  std::string key;                ///< in place of the client's; empty: the client's passes
  bool drop_credentials = false;  ///< the client's are for the gateway alone
};
/// The request's head for the upstream: the client's fields in their order but for those of one connection, Host,
/// Content-Length, and what is said above.
std::string upstream_head(const UpstreamHead& request, const UpstreamConfig& upstream);

/// The target for an upstream: its path first, the model in it replaced (Gemini; empty: as it is), and the query
/// without `key` where the client's credentials do not pass.
std::string upstream_target(std::string_view target, const Route& route, const UpstreamConfig& upstream,
                            std::string_view model, bool drop_key);

/// How an answer's body is delimited.
enum class Framing : std::uint8_t {
  none,    ///< it has none
  length,  ///< Content-Length as the upstream said
  chunked,
  close,  ///< to an HTTP/1.0 client
};

/// What of an upstream's reply changes on its way to the client.
struct ClientHead {
  int status = 200;
  std::string_view reason;
  const Headers* headers = nullptr;  ///< the upstream's
  Framing framing = Framing::chunked;
  bool drop_encoding = false;
  bool keep_alive = true;
  bool event_stream = false;  ///< keep proxies in between from buffering it
  std::string_view model;     ///< for x-aigw-*; empty: none of them
  std::string_view upstream;
  int attempts = 1;
  bool no_retry = false;  ///< x-should-retry: false
  std::string_view key;   ///< the upstream's: a field that has it in its value, a redirect say, does not pass
};
std::string client_head(const ClientHead& reply);

/// An error or a page of the gateway's own.
struct OwnReply {
  int status = 200;
  std::string body;
  std::optional<std::chrono::milliseconds> retry_after;
  bool no_retry = false;
  bool keep_alive = true;
  bool head_only = false;
  std::string allow;       ///< for 405
  std::string_view model;  ///< for x-aigw-*; empty: none of them
  std::string_view upstream;
  int attempts = 0;
};
std::string own_reply(const OwnReply& reply);

/// Whether a field carries a client's credentials: Authorization, x-api-key, api-key, x-goog-api-key.
bool is_credential(std::string_view name);

/// The credentials that a request came with: a bearer token, x-api-key, api-key, x-goog-api-key, ?key=; empty without.
std::string client_key(const Headers& headers, std::string_view target);

}  // namespace binnacle::gateway
