// SPDX-License-Identifier: Apache-2.0
// Tells the circuit-breaker exporter of an application's breakers, by DogStatsD over UDP. C++17 and POSIX, nothing
// else.
#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace binnacle {

struct BreakerReporterOptions {
  std::string instance{};  ///< the label `instance` of all breakers; empty: none
  std::chrono::milliseconds flush_every{200};
  std::chrono::milliseconds resend_every{10'000};  ///< of states and settings
};

/// Any thread may use it. Nothing waits for the network: lines are packed, and what cannot be sent at once is dropped
/// and counted. A process that forks needs one in each process.
class BreakerReporter {
 public:
  /// Throws std::runtime_error when the host's name leads nowhere.
  BreakerReporter(const std::string& host, const std::string& port, BreakerReporterOptions options = {})
      : options_(std::move(options)), socket_(connect(host, port)), thread_([this] { run(); }) {}

  ~BreakerReporter() {
    {
      const std::lock_guard<std::mutex> lock{mutex_};
      ended_ = true;
      send();
    }
    wake_.notify_one();
    thread_.join();
    ::close(socket_);
  }
  BreakerReporter(const BreakerReporter&) = delete;
  BreakerReporter& operator=(const BreakerReporter&) = delete;

  /// At each change: closed, open, half_open, forced_open, disabled, metrics_only or unknown. It is sent at once.
  void state(std::string_view breaker, std::string_view state) {
    Line line;
    line.add("_sc|circuit_breaker.state|").add(status_of(state)).add("|#state:").add(state);
    add_tags(line, ",breaker:", breaker);
    stand("state " + std::string{breaker}, line);
    flush();
  }

  /// A call that has ended: success, failure, timeout, slow or ignored.
  void call(std::string_view breaker, std::string_view result, std::chrono::duration<double, std::milli> took) {
    Line line;
    line.add("circuit_breaker.call:").add(took.count()).add("|ms|#result:").add(result);
    add_tags(line, ",breaker:", breaker);
    add(line);
  }

  /// Calls without a duration, as those that the breaker refused: rejected, or one of the above.
  void calls(std::string_view breaker, std::string_view result, std::uint32_t count = 1) {
    Line line;
    line.add("circuit_breaker.calls:").add(count).add("|c|#result:").add(result);
    add_tags(line, ",breaker:", breaker);
    add(line);
  }

  /// failure_ratio_threshold, slow_call_ratio_threshold, slow_call_threshold_seconds or minimum_calls.
  void setting(std::string_view breaker, std::string_view name, double value) {
    Line line;
    line.add("circuit_breaker.").add(name).add(":").add(value);
    add_tags(line, "|g|#breaker:", breaker);
    stand(std::string{name} + " " + std::string{breaker}, line);
  }

  void flush() {
    const std::lock_guard<std::mutex> lock{mutex_};
    send();
  }

  /// Lines that were lost because the socket did not take them.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  /// A line is put together in place; texts that are too long are cut, and what would end a tag becomes '_'.
  class Line {
   public:
    Line& add(std::string_view text) {
      for (const char c : text.substr(0, kLongestText)) bytes_[size_++] = c;
      return *this;
    }
    Line& add_name(std::string_view name) {
      for (const char c : name.substr(0, kLongestText)) bytes_[size_++] = ends_tag(c) ? '_' : c;
      return *this;
    }
    Line& add(double number) {
      return end(std::to_chars(bytes_ + size_, bytes_ + sizeof bytes_, number, std::chars_format::general, 6).ptr);
    }
    Line& add(std::uint32_t number) { return end(std::to_chars(bytes_ + size_, bytes_ + sizeof bytes_, number).ptr); }
    [[nodiscard]] std::string_view text() const { return {bytes_, size_}; }

   private:
    static constexpr std::size_t kLongestText = 200;
    static bool ends_tag(char c) { return c == ',' || c == '|' || c == '\n' || c == '\r'; }
    Line& end(const char* at) {
      size_ = static_cast<std::size_t>(at - bytes_);
      return *this;
    }

    char bytes_[1024];  // more than six texts and a number
    std::size_t size_ = 0;
  };

  static constexpr std::size_t kPacket = 1432;  // bytes that pass every Ethernet in one piece

  static std::string_view status_of(std::string_view state) {
    if (state == "closed") return "0";
    if (state == "half_open") return "1";
    return state == "open" ? "2" : "3";
  }

  static int connect(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
      throw std::runtime_error("breaker reporter: " + host + ":" + port + ": " + ::gai_strerror(error));
    }
    int fd = -1;
    for (const auto* address = found; address != nullptr && fd < 0; address = address->ai_next) {
      fd = ::socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
      if (fd < 0 || ::connect(fd, address->ai_addr, address->ai_addrlen) == 0) continue;
      ::close(fd);
      fd = -1;
    }
    ::freeaddrinfo(found);
    if (fd < 0) throw std::runtime_error("breaker reporter: no way to " + host + ":" + port);
    return fd;
  }

  void add_tags(Line& line, std::string_view before, std::string_view breaker) const {
    line.add(before).add_name(breaker);
    if (!options_.instance.empty()) line.add(",instance:").add_name(options_.instance);
  }

  void add(const Line& line) {
    const std::lock_guard<std::mutex> lock{mutex_};
    put(line.text());
  }

  /// Adds what stays true, and keeps it: an exporter that is started later has to be told, too.
  void stand(const std::string& key, const Line& line) {
    const std::lock_guard<std::mutex> lock{mutex_};
    standing_[key] = line.text();
    put(line.text());
  }

  // Of what follows, run() takes the lock itself; the others are called with it.

  void put(std::string_view line) {
    if (size_ + 1 + line.size() > kPacket) send();
    if (size_ != 0) packet_[size_++] = '\n';
    size_ += line.copy(packet_ + size_, line.size());
    ++lines_;
  }

  void send() {
    if (size_ == 0) return;
    auto sent = ::send(socket_, packet_, size_, MSG_DONTWAIT | MSG_NOSIGNAL);
    // That nobody took an earlier packet is told once, in place of sending this one.
    if (sent < 0 && errno == ECONNREFUSED) sent = ::send(socket_, packet_, size_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) dropped_ += lines_;
    size_ = 0;
    lines_ = 0;
  }

  void run() {
    std::unique_lock<std::mutex> lock{mutex_};
    auto resend_at = std::chrono::steady_clock::now() + options_.resend_every;
    while (!wake_.wait_for(lock, options_.flush_every, [this] { return ended_; })) {
      if (const auto now = std::chrono::steady_clock::now(); now >= resend_at) {
        resend_at = now + options_.resend_every;
        for (const auto& [key, line] : standing_) put(line);
      }
      send();
    }
  }

  const BreakerReporterOptions options_;
  const int socket_;
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;  // of all below
  std::condition_variable wake_;
  char packet_[kPacket];
  std::size_t size_ = 0;
  std::uint64_t lines_ = 0;
  std::map<std::string, std::string> standing_;
  bool ended_ = false;
  std::thread thread_;  // the last: it uses all the others
};

}  // namespace binnacle
