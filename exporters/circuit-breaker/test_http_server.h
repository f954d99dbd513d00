// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/test_loopback.h"
#include "core/unique_fd.h"

namespace binnacle::breaker {

/// An answer of HTTP with a body of a known length.
inline std::string http_answer(const std::string& status, std::string_view body, const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
         std::string{body};
}

/// A server on a loopback port of its own that does with each connection what a test says, be it odd.
class TestHttpServer {
 public:
  class Connection {
   public:
    Connection(UniqueFd fd, TestHttpServer& server) : fd_(std::move(fd)), server_(&server) {}

    /// The next request up to its blank line; empty when the client has closed.
    std::string request() {
      std::array<char, 4096> buffer{};
      for (;;) {
        if (const auto end = received_.find("\r\n\r\n"); end != std::string::npos) {
          auto head = received_.substr(0, end + 4);
          received_.erase(0, end + 4);
          server_->note(head);
          return head;
        }
        const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) return {};
        received_.append(buffer.data(), static_cast<std::size_t>(got));
      }
    }
    /// False once the client has closed.
    [[nodiscard]] bool send(std::string_view bytes) const {
      while (!bytes.empty()) {
        const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    /// Waits until the client closes, or the server is to end.
    void wait_for_end() {
      while (!request().empty()) {
      }
    }
    void end() const { ::shutdown(fd_.get(), SHUT_RDWR); }
    [[nodiscard]] int fd() const { return fd_.get(); }

   private:
    UniqueFd fd_;
    TestHttpServer* server_;
    std::string received_;
  };
  /// Runs in a thread of each connection, which is closed once it returns.
  using Handler = std::function<void(Connection& connection)>;
  /// Gives the answer to each request.
  using Answer = std::function<std::string(std::string_view request)>;

  explicit TestHttpServer(Handler handler) : handler_(std::move(handler)) {
    port_ = listen_on_loopback(listener_.get());
    thread_ = std::thread{[this] { accept_all(); }};
  }
  ~TestHttpServer() {
    stop_ = true;
    thread_.join();
    {
      const std::scoped_lock locked{mutex_};
      for (auto& client : clients_) client.connection.end();
    }
    for (auto& client : clients_) client.thread.join();
  }
  TestHttpServer(const TestHttpServer&) = delete;
  TestHttpServer& operator=(const TestHttpServer&) = delete;

  /// A handler that answers one request after the other, and keeps the connection.
  static Handler each(Answer answer) {
    return [answer = std::move(answer)](Connection& connection) {
      for (auto request = connection.request(); !request.empty(); request = connection.request()) {
        if (!connection.send(answer(request))) return;
      }
    };
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int connections() const { return connections_; }
  /// All that came, up to their blank lines.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::scoped_lock locked{mutex_};
    return requests_;
  }

 private:
  struct Client {
    Connection connection;
    std::thread thread{};
  };

  void note(const std::string& request) {
    const std::scoped_lock locked{mutex_};
    requests_.push_back(request);
  }

  void accept_all() {
    while (!stop_) {
      pollfd polled{listener_.get(), POLLIN, 0};
      if (::poll(&polled, 1, 20) <= 0) continue;
      UniqueFd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!fd) continue;
      ++connections_;
      const std::scoped_lock locked{mutex_};
      auto& client = clients_.emplace_back(Client{Connection{std::move(fd), *this}});
      client.thread = std::thread{[this, &client] {
        handler_(client.connection);
        client.connection.end();
      }};
    }
  }

  const UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const Handler handler_;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<Client> clients_;  // never moves its elements: the threads borrow them
  std::thread thread_;
};

}  // namespace binnacle::breaker
