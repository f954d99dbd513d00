// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "client_connection.h"
#include "errors.h"
#include "http_message.h"
#include "proxy.h"

namespace binnacle::gateway {

/// A client's connection: one request after another, until it ends. For the proxy's thread.
class Session {
 public:
  Session(Proxy& proxy, Socket socket) : proxy_(proxy), client_(std::move(socket)) {}

  Task<void> run();
  /// Ends it: now, or, where a request is under way and `force` is not given, after that.
  void stop(bool force);

 private:
  using FrontConfig = GatewayConfig::Front;
  enum class Got : std::uint8_t { request, ended, refused };
  Task<Got> read_request(const FrontConfig& front, RequestParser& parser, std::string& body, HeldBytes& held);
  Task<Got> read_body(const FrontConfig& front, RequestParser& parser, std::string& body, HeldBytes& held);
  Task<Got> refuse(GatewayError error, const RequestParser& parser);
  RequestParser::Progress feed(RequestParser& parser);

  Proxy& proxy_;
  ClientConnection client_;
  bool idle_ = true;
};

}  // namespace binnacle::gateway
