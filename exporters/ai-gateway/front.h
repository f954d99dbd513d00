// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "proxy.h"
#include "session.h"

namespace binnacle::gateway {

/// Takes clients' connections. For the proxy's thread, but the constructor.
class Front {
 public:
  /// Binds all addresses (host:port; [v6]:port; :port for all). Throws std::runtime_error with one line that names the
  /// address.
  Front(Proxy& proxy, const std::vector<std::string>& addresses);

  void start();
  /// No more connections are taken; idle ones end now, others with their request.
  void stop();
  /// All end now.
  void stop_now();
  [[nodiscard]] bool empty() const { return sessions_.empty(); }
  /// As they were bound: with the port that the system gave for port 0.
  [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  Task<void> accept_from(Acceptor& acceptor);
  Task<void> run_session(Socket socket);
  Task<void> turn_away(Socket socket);

  Proxy& proxy_;
  std::list<Acceptor> acceptors_;
  std::vector<std::string> addresses_;
  std::list<Session*> sessions_;
  std::size_t turned_away_ = 0;  // that are still told so
};

}  // namespace binnacle::gateway
