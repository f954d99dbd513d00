// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/collector.h"
#include "core/test_server.h"
#include "core/text.h"

namespace binnacle {

inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

/// A scrape's deadline; no two are the same.
inline Clock::time_point scrape() {
  static int scrapes = 0;
  return Clock::now() + std::chrono::seconds{10} + std::chrono::microseconds{++scrapes};
}

/// A server that answers commands from a table, and knows no others.
class TestRedis {
 public:
  /// "INFO everything" to the reply as it goes over the wire; "close" hangs up, "silence" says nothing.
  using Replies = std::map<std::string, std::string, std::less<>>;
  explicit TestRedis(Replies replies)
      : replies_(std::move(replies)), server_([this](std::string_view request) { return answer(request); }) {}

  [[nodiscard]] Address address() const { return server_.address(); }
  [[nodiscard]] int connections() const { return server_.connections(); }
  /// What was asked so far, a line for what came together: "PING", "INFO everything|SLOWLOG LEN".
  [[nodiscard]] std::vector<std::string> requests() {
    const std::scoped_lock lock{mutex_};
    return requests_;
  }
  void set(const std::string& command, const std::string& reply) {
    const std::scoped_lock lock{mutex_};
    replies_[command] = reply;
  }

 private:
  static std::vector<std::string> commands_of(std::string_view request) {
    std::vector<std::string> commands;
    while (auto line = next_line(request)) {
      const auto words = to_u64(trim(line->substr(1))).value_or(0);
      std::string command;
      for (std::size_t word = 0; word < words; ++word) {
        next_line(request);  // its length: no test's word has a newline
        if (word > 0) command += ' ';
        command += trim(next_line(request).value_or(""));
      }
      commands.push_back(command);
    }
    return commands;
  }

  std::optional<std::string> answer(std::string_view request) {
    const std::scoped_lock lock{mutex_};
    std::string out;
    std::string together;
    bool closes = false;
    for (const auto& command : commands_of(request)) {
      together += (together.empty() ? "" : "|") + command;
      const auto reply = replies_.find(command);
      if (reply == replies_.end()) {
        out += "-ERR unknown command '" + command + "'\r\n";
      } else if (reply->second == "close") {
        closes = true;
      } else if (reply->second != "silence") {
        out += reply->second;
      }
    }
    requests_.push_back(together);
    if (closes) return std::nullopt;
    return out;
  }

  std::mutex mutex_;
  Replies replies_;
  std::vector<std::string> requests_;
  TestServer server_;
};

}  // namespace binnacle
