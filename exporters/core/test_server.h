// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "address.h"
#include "test_loopback.h"
#include "unique_fd.h"

namespace binnacle {

/// A server on a loopback port of its own that answers as a test says.
class TestServer {
 public:
  /// Gets what a client sent, as it came, and gives what to send back; nothing: the connection is closed.
  using Handler = std::function<std::optional<std::string>(std::string_view request)>;
  /// Sent to a client as soon as it connects.
  explicit TestServer(Handler handler, std::string greeting = {})
      : handler_(std::move(handler)), greeting_(std::move(greeting)) {
    port_ = listen_on_loopback(listener_.get());
    thread_ = std::thread{[this] { serve(); }};
  }
  ~TestServer() {
    stop_ = true;
    thread_.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] Address address() const { return {"127.0.0.1", port_, {}}; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void serve() {
    std::vector<UniqueFd> clients;
    while (!stop_) {
      std::vector<pollfd> polled{{listener_.get(), POLLIN, 0}};
      for (const auto& client : clients) polled.push_back({client.get(), POLLIN, 0});
      if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
      std::vector<UniqueFd> still_there;
      for (std::size_t at = 0; at < clients.size(); ++at) {
        if (polled[at + 1].revents == 0 || answer(clients[at])) still_there.push_back(std::move(clients[at]));
      }
      clients = std::move(still_there);
      if (polled[0].revents == 0) continue;
      UniqueFd client{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!client) continue;
      ++connections_;
      ::send(client.get(), greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
      clients.push_back(std::move(client));
    }
  }

  bool answer(const UniqueFd& client) {
    std::array<char, 65'536> buffer{};
    const auto got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    const auto reply = handler_({buffer.data(), static_cast<std::size_t>(got)});
    if (!reply) return false;
    return ::send(client.get(), reply->data(), reply->size(), MSG_NOSIGNAL) == static_cast<ssize_t>(reply->size());
  }

  const UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const Handler handler_;
  const std::string greeting_;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace binnacle
