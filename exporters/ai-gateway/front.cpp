// SPDX-License-Identifier: Apache-2.0
#include "front.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "core/address.h"
#include "core/log.h"
#include "errors.h"
#include "heads.h"
#include "waker.h"

namespace binnacle::gateway {

namespace {

constexpr std::chrono::milliseconds kNoDescriptors{100};
constexpr int kBacklog = 1024;
/// So many at a time are told why there is no place for them, others are just closed.
constexpr std::size_t kMostTurnedAway = 64;
constexpr std::chrono::seconds kTellTime{2};

/// Nobody knows yet which dialect the client speaks.
std::string full_reply() {
  OwnReply own;
  own.status = status_of(GatewayError::overloaded);
  own.body = error_body(Dialect::openai, GatewayError::overloaded, "too many connections");
  own.retry_after = std::chrono::seconds{1};
  own.keep_alive = false;
  return own_reply(own);
}

asio::ip::tcp::endpoint endpoint_of(asio::io_context& loop, const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "::";
  asio::ip::tcp::resolver resolver{loop};
  return resolver.resolve(host, address.substr(colon + 1), asio::ip::tcp::resolver::passive).begin()->endpoint();
}

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const auto host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace

Front::Front(Proxy& proxy, const std::vector<std::string>& addresses) : proxy_(proxy) {
  for (const auto& address : addresses) {
    try {
      const auto endpoint = endpoint_of(proxy.loop, address);
      auto& acceptor = acceptors_.emplace_back(proxy.loop.get_executor());
      acceptor.open(endpoint.protocol());
      acceptor.set_option(asio::socket_base::reuse_address{true});
      if (endpoint.protocol() == asio::ip::tcp::v6()) acceptor.set_option(asio::ip::v6_only{false});
      acceptor.bind(endpoint);
      acceptor.listen(kBacklog);
      addresses_.push_back(text_of(acceptor.local_endpoint()));
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error("cannot listen on " + address + ": " + error.code().message());
    }
  }
}

void Front::start() {
  for (auto& acceptor : acceptors_) {
    asio::co_spawn(proxy_.loop.get_executor(), accept_from(acceptor), asio::detached);
  }
}

Task<void> Front::accept_from(Acceptor& acceptor) {
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error) {
      // No descriptors are left, most likely: others will be free soon.
      Waker pause{proxy_.loop};
      co_await pause.wait(Clock::now() + kNoDescriptors);
      continue;
    }
    if (proxy_.connections >= proxy_.setup->config->front.max_connections) {
      ++proxy_.connections_refused;
      if (turned_away_ >= kMostTurnedAway) continue;
      asio::co_spawn(proxy_.loop.get_executor(), turn_away(std::move(socket)), asio::detached);
      continue;
    }
    socket.set_option(asio::ip::tcp::no_delay{true}, error);
    asio::co_spawn(proxy_.loop.get_executor(), run_session(std::move(socket)), asio::detached);
  }
}

Task<void> Front::run_session(Socket socket) {
  Session session{proxy_, std::move(socket)};
  ++proxy_.connections;
  const auto at = sessions_.insert(sessions_.end(), &session);
  try {
    co_await session.run();
  } catch (const std::exception& error) {
    log::error("a connection ended by an error", {{"error", error.what()}});
  }
  sessions_.erase(at);
  --proxy_.connections;
}

Task<void> Front::turn_away(Socket socket) {
  ++turned_away_;
  ClientConnection client{std::move(socket)};
  static const auto text = full_reply();
  const std::array buffers{asio::buffer(text)};
  // What the client sends meanwhile is read: else its end would come before the answer.
  if (!co_await client.write(buffers, Clock::now() + kTellTime)) co_await client.linger();
  --turned_away_;
}

void Front::stop() {
  proxy_.stopping = true;
  for (auto& acceptor : acceptors_) {
    error_code ignored;
    acceptor.close(ignored);
  }
  for (auto* const session : sessions_) session->stop(false);
}

void Front::stop_now() {
  for (auto* const session : sessions_) session->stop(true);
}

}  // namespace binnacle::gateway
