// SPDX-License-Identifier: Apache-2.0
// An upstream that answers OpenAI's chat requests by a plan that the request's text holds, on one thread.
//
// llm_upstream
// Listens on a free port of 127.0.0.1, and prints it. The text: "plan ID FIRST GAP FRAMES REPLY": an answer comes FIRST
// ms after the request; a stream (where the request has "stream":true) has FRAMES of content, GAP ms apart, and each
// tells its number and when it was written, in ns of the monotonic clock; a whole answer has REPLY bytes of text.
// Usage is 100 tokens in and 20 out, in a stream only where the request asks for it.
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kUsage = R"("usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120})";

struct Plan {
  std::string id;
  unsigned long first = 0;
  unsigned long gap = 0;
  unsigned long frames = 0;
  unsigned long reply = 0;
  bool stream = false;
  bool usage = false;
  bool good = false;
};

Plan plan_of(const std::string& body) {
  Plan plan;
  const auto at = body.find("plan ");
  if (at == std::string::npos) return plan;
  std::array<char, 40> id{};
  plan.good = std::sscanf(body.c_str() + at, "plan %39[0-9] %lu %lu %lu %lu", id.data(), &plan.first, &plan.gap,
                          &plan.frames, &plan.reply) == 5;
  plan.id = id.data();
  plan.stream = body.find(R"("stream":true)") != std::string::npos;
  plan.usage = body.find(R"("include_usage":true)") != std::string::npos;
  return plan;
}

std::string whole_reply(const Plan& plan) {
  const auto body = R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench",)"
                    R"("choices":[{"index":0,"message":{"role":"assistant","content":"id )" +
                    plan.id + " " + std::string(plan.reply, 'x') + R"("},"finish_reason":"stop"}],)" +
                    std::string{kUsage} + "}";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string chunk(const std::string& text) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
  return size.data() + text + "\r\n";
}

std::string frame(const std::string& delta, const char* finish = "null") {
  return chunk(R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,)"
               R"("model":"bench","choices":[{"index":0,"delta":{)" +
               delta + R"(},"finish_reason":)" + finish + "}]}\n\n");
}

std::string content_frame(unsigned long number) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return frame(R"("content":"t )" + std::to_string(number) + " " + std::to_string(ns) + R"(")");
}

std::string last_frames(const Plan& plan) {
  auto text = frame("", R"("stop")");
  if (plan.usage) {
    text += chunk(R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,)"
                  R"("model":"bench","choices":[],)" +
                  std::string{kUsage} + "}\n\n");
  }
  return text + chunk("data: [DONE]\n\n") + "0\r\n\r\n";
}

class Connection {
 public:
  explicit Connection(tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

  asio::awaitable<void> run() {
    while (co_await read_request()) {
      const auto plan = plan_of(body_);
      if (!plan.good) {
        co_await write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      } else if (plan.stream) {
        co_await stream(plan);
      } else {
        co_await pause(plan.first);
        co_await write(whole_reply(plan));
      }
    }
  }

 private:
  asio::awaitable<bool> read_request() {
    std::size_t head = 0;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!co_await read_more()) co_return false;
    }
    head += 4;
    std::size_t length = 0;
    for (const auto* const name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      const auto at = buffer_.find(name);
      if (at < head) length = std::strtoull(buffer_.c_str() + at + 18, nullptr, 10);
    }
    while (buffer_.size() < head + length) {
      if (!co_await read_more()) co_return false;
    }
    body_ = buffer_.substr(head, length);
    buffer_.erase(0, head + length);
    co_return true;
  }

  asio::awaitable<bool> read_more() {
    const auto [error, size] = co_await socket_.async_read_some(asio::buffer(piece_), kAwait);
    buffer_.append(piece_.data(), size);
    co_return !error;
  }

  asio::awaitable<void> stream(const Plan& plan) {
    co_await pause(plan.first);
    co_await write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   frame(R"("role":"assistant","content":"")"));
    for (unsigned long number = 0; number < plan.frames && !failed_; ++number) {
      if (number > 0) co_await pause(plan.gap);
      co_await write(content_frame(number));
    }
    co_await write(last_frames(plan));
  }

  asio::awaitable<void> write(const std::string& text) {
    if (failed_) co_return;
    const auto [error, size] = co_await asio::async_write(socket_, asio::buffer(text), kAwait);
    failed_ = !!error;
  }

  asio::awaitable<void> pause(unsigned long milliseconds) {
    if (milliseconds == 0) co_return;
    timer_.expires_after(std::chrono::milliseconds{milliseconds});
    co_await timer_.async_wait(kAwait);
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  std::string buffer_;
  std::string body_;
  std::array<char, 16384> piece_{};
  bool failed_ = false;
};

asio::awaitable<void> serve(tcp::socket socket) {
  Connection connection{std::move(socket)};
  co_await connection.run();
}

asio::awaitable<void> accept(tcp::acceptor& acceptor) {
  while (true) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error) continue;
    socket.set_option(tcp::no_delay{true}, error);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main() {
  asio::io_context loop{1};
  tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
  acceptor.listen(4096);
  std::printf("%u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  asio::co_spawn(loop, accept(acceptor), asio::detached);
  loop.run();
  return 0;
}
