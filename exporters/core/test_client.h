// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "http_server.h"
#include "unique_fd.h"

namespace binnacle {

/// A client of raw bytes. Reads give up after a minute, which no test that passes comes near.
class TestClient {
 public:
  explicit TestClient(const HttpServer& server, int receive_buffer = 0) {
    const std::string url = server.listening_on().at(0);
    const auto colon = url.rfind(':');
    std::string host = url.substr(url.find("//") + 2, colon - url.find("//") - 2);
    if (host.front() == '[') host = host.substr(1, host.size() - 2);
    if (host == "::" || host == "0.0.0.0") host = "127.0.0.1";
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    // No assertion of Catch's here: clients are made in threads too.
    if (::getaddrinfo(host.c_str(), url.substr(colon + 1).c_str(), &hints, &found) != 0) {
      throw std::runtime_error("no such address: " + url);
    }
    fd_ = UniqueFd(::socket(found->ai_family, SOCK_STREAM, 0));
    if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{60, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected_ = ::connect(fd_.get(), found->ai_addr, found->ai_addrlen) == 0;
    ::freeaddrinfo(found);
  }

  [[nodiscard]] bool connected() const { return connected_; }

  TestClient& send(const std::string& bytes) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const auto sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;  // the server may close as soon as it knows enough
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
  }

  /// All that comes until the server closes.
  std::string receive() {
    std::string all;
    char buffer[65536];
    for (;;) {
      const auto got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(got));
    }
  }

  void end_of_sending() { ::shutdown(fd_.get(), SHUT_WR); }

 private:
  UniqueFd fd_;
  bool connected_ = false;
};

inline std::string ask(const HttpServer& server, const std::string& request) {
  return TestClient(server).send(request).receive();
}

inline std::string get(const HttpServer& server, const std::string& target) {
  return ask(server, "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

}  // namespace binnacle
