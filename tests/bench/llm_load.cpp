// SPDX-License-Identifier: Apache-2.0
// Asks llm_upstream, or a proxy before it, at a fixed rate or as fast as it can, and says how long the answers took.
//
// llm_load PORT [KEY=VALUE ...]
// rate (100): requests a second, evenly spaced; 0: `connections` (64) ask again as soon as they are answered.
// seconds (5). frames (0: whole answers), first (0 ms), gap (0 ms), reply (600 bytes): the plan, see llm_upstream.
// prompt (600 bytes). path (/v1/chat/completions), header ("Name: value", repeatable).
//
// With a rate, a request's time begins when it was due, not when it was sent: an answer that keeps the next ones
// waiting counts for them, too. Prints JSON: arrays of nanoseconds (with a rate only) `whole`: to the last byte;
// `first`: to the first frame of content; `travel`: from when the upstream wrote a frame until it was here; `gaps`
// between frames; then `done`, `errors` (by their text), `lost` frames, `seconds`, and `most`, the requests under way
// at a time.
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
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kPatience{30};  // for the last answers

struct Options {
  std::uint16_t port = 0;
  unsigned long rate = 100;
  unsigned long connections = 64;
  unsigned long seconds = 5;
  unsigned long frames = 0;
  unsigned long first = 0;
  unsigned long gap = 0;
  unsigned long reply = 600;
  unsigned long prompt = 600;
  std::string path = "/v1/chat/completions";
  std::string headers;
};

struct Results {
  std::vector<std::int64_t> whole;
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> travel;
  std::vector<std::int64_t> gaps;
  std::map<std::string, unsigned long> errors;
  unsigned long done = 0;
  unsigned long lost = 0;
  unsigned long most = 0;
};

std::int64_t ns(Clock::duration time) { return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count(); }

/// One answer as it comes: whole or not, and the text within its framing.
class Answer {
 public:
  enum class Progress { more, done, bad };

  Progress feed(std::string_view bytes) {
    raw_ += bytes;
    if (!head_done_ && !read_head()) return Progress::more;
    if (!chunked_) {
      text_ += raw_;
      raw_.clear();
      return text_.size() < length_ ? Progress::more : text_.size() == length_ ? Progress::done : Progress::bad;
    }
    while (true) {
      const auto line = raw_.find("\r\n");
      if (line == std::string::npos) return Progress::more;
      const auto size = std::strtoull(raw_.c_str(), nullptr, 16);
      if (raw_.size() < line + 2 + size + 2) return Progress::more;
      text_.append(raw_, line + 2, size);
      raw_.erase(0, line + 2 + size + 2);
      if (size == 0) return raw_.empty() ? Progress::done : Progress::bad;
    }
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The next whole line of the text that begins so, without that. False: there is none yet.
  bool next_line(std::string_view begins, std::string& line) {
    while (true) {
      const auto end = text_.find('\n', at_);
      if (end == std::string::npos) return false;
      const std::string_view found{text_.data() + at_, end - at_};
      at_ = end + 1;
      if (!found.starts_with(begins)) continue;
      line = found.substr(begins.size());
      return true;
    }
  }

 private:
  bool read_head() {
    const auto end = raw_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    auto head = raw_.substr(0, end + 2);
    raw_.erase(0, end + 4);
    head_done_ = true;
    status_ = std::atoi(head.c_str() + std::min<std::size_t>(9, head.size()));
    for (auto& c : head) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    chunked_ = head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
    const auto at = head.find("\r\ncontent-length: ");
    if (at != std::string::npos) length_ = std::strtoull(head.c_str() + at + 18, nullptr, 10);
    return true;
  }

  std::string raw_;
  std::string text_;
  std::size_t at_ = 0;
  std::size_t length_ = 0;
  int status_ = 0;
  bool head_done_ = false;
  bool chunked_ = false;
};

class Load {
 public:
  Load(asio::io_context& loop, Options options) : loop_(loop), options_(std::move(options)) {}

  asio::awaitable<void> run() {
    const auto end = Clock::now() + std::chrono::seconds{options_.seconds};
    began_ = Clock::now();
    if (options_.rate == 0) {
      for (unsigned long i = 0; i < options_.connections; ++i) start(hammer(end));
    } else {
      asio::steady_timer timer{loop_};
      for (unsigned long i = 0; i < options_.rate * options_.seconds; ++i) {
        const auto due = began_ + std::chrono::nanoseconds{i * 1'000'000'000 / options_.rate};
        timer.expires_at(due);
        co_await timer.async_wait(kAwait);
        start(ask_once(due));
      }
    }
    asio::steady_timer timer{loop_};
    auto rest = Clock::duration{kPatience} + std::chrono::milliseconds{options_.frames * options_.gap};
    if (options_.rate == 0) rest += std::chrono::seconds{options_.seconds};
    const auto limit = Clock::now() + rest;
    while (under_way_ > 0 && Clock::now() < limit) {
      timer.expires_after(std::chrono::milliseconds{20});
      co_await timer.async_wait(kAwait);
    }
    if (under_way_ > 0) results_.errors["unanswered"] += under_way_;
    loop_.stop();
  }

  void print() const {
    std::printf("{");
    print("whole", results_.whole);
    print("first", results_.first);
    print("travel", results_.travel);
    print("gaps", results_.gaps);
    std::printf("\"errors\":{");
    const char* comma = "";
    for (const auto& [text, count] : results_.errors) {
      std::printf("%s\"%s\":%lu", comma, text.c_str(), count);
      comma = ",";
    }
    std::printf("},\"done\":%lu,\"lost\":%lu,\"most\":%lu,\"seconds\":%.6f}\n", results_.done, results_.lost,
                results_.most, std::chrono::duration<double>(ended_ - began_).count());
  }

 private:
  struct Connection {
    explicit Connection(asio::io_context& loop) : socket(loop) {}
    tcp::socket socket;
    std::array<char, 65536> piece{};
  };
  using ConnectionPtr = std::unique_ptr<Connection>;

  static void print(const char* name, const std::vector<std::int64_t>& values) {
    std::printf("\"%s\":[", name);
    const char* comma = "";
    for (const auto value : values) {
      std::printf("%s%lld", comma, static_cast<long long>(value));
      comma = ",";
    }
    std::printf("],");
  }

  void start(asio::awaitable<void> task) {
    ++under_way_;
    results_.most = std::max(results_.most, under_way_);
    asio::co_spawn(loop_, std::move(task), asio::detached);
  }

  asio::awaitable<void> ask_once(Clock::time_point due) {
    auto connection = co_await take();
    if (co_await ask(*connection, due)) idle_.push_back(std::move(connection));
    --under_way_;
  }

  asio::awaitable<void> hammer(Clock::time_point end) {
    auto connection = co_await take();
    while (Clock::now() < end && co_await ask(*connection, Clock::now())) {
    }
    --under_way_;
  }

  asio::awaitable<ConnectionPtr> take() {
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      co_return connection;
    }
    auto connection = std::make_unique<Connection>(loop_);
    const tcp::endpoint to{asio::ip::address_v4::loopback(), options_.port};
    auto [error] = co_await connection->socket.async_connect(to, kAwait);
    connection->socket.set_option(tcp::no_delay{true}, error);
    co_return connection;
  }

  [[nodiscard]] std::string request(const std::string& id) const {
    const auto number = [](unsigned long value) { return " " + std::to_string(value); };
    const bool stream = options_.frames > 0;
    auto body = std::string{R"({"model":"bench","messages":[{"role":"user","content":"plan )"} + id +
                number(options_.first) + number(options_.gap) + number(options_.frames) + number(options_.reply) + " " +
                std::string(options_.prompt, 'p') + R"("}],"max_tokens":100)" + (stream ? R"(,"stream":true})" : "}");
    return "POST " + options_.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
           "Authorization: Bearer bench\r\nAccept-Encoding: identity\r\n" + options_.headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  /// True: the connection may be used again.
  asio::awaitable<bool> ask(Connection& connection, Clock::time_point due) {
    const auto id = std::to_string(++asked_);
    const auto text = request(id);
    const auto [write_error, written] = co_await asio::async_write(connection.socket, asio::buffer(text), kAwait);
    if (write_error) co_return fail("write: " + write_error.message());
    Answer answer;
    Stream stream{due, {}, 0};
    auto progress = Answer::Progress::more;
    while (progress == Answer::Progress::more) {
      const auto [error, size] = co_await connection.socket.async_read_some(asio::buffer(connection.piece), kAwait);
      if (error) co_return fail("read: " + error.message());
      progress = answer.feed({connection.piece.data(), size});
      if (options_.frames > 0) take_frames(answer, stream);
    }
    ended_ = Clock::now();
    if (progress == Answer::Progress::bad) co_return fail("framing");
    if (answer.status() != 200) co_return fail("status " + std::to_string(answer.status()));
    if (options_.frames > 0) {
      results_.lost += options_.frames - stream.frames;
      if (answer.text().find("data: [DONE]") == std::string::npos) co_return fail("no end");
    } else if (answer.text().find("id " + id + " ") == std::string::npos) {
      co_return fail("another's answer");
    }
    ++results_.done;
    if (options_.rate > 0) results_.whole.push_back(ns(ended_ - due));
    co_return true;
  }

  struct Stream {
    Clock::time_point due;
    Clock::time_point last;
    unsigned long frames;
  };

  /// Counts the frames that are new, in their order, and how long they took.
  void take_frames(Answer& answer, Stream& stream) {
    const auto now = Clock::now();
    std::string line;
    while (answer.next_line("data: ", line)) {
      const auto at = line.find("\"t ");
      unsigned long number = 0;
      long long written = 0;
      if (at == std::string::npos || std::sscanf(line.c_str() + at, "\"t %lu %lld", &number, &written) != 2) continue;
      if (number != stream.frames) continue;  // lost, or twice
      ++stream.frames;
      if (options_.rate == 0) continue;
      if (number == 0) results_.first.push_back(ns(now - stream.due));
      if (number > 0) results_.gaps.push_back(ns(now - stream.last));
      results_.travel.push_back(ns(now.time_since_epoch()) - written);
      stream.last = now;
    }
  }

  bool fail(const std::string& what) {
    ++results_.errors[what];
    ended_ = Clock::now();
    return false;
  }

  asio::io_context& loop_;
  const Options options_;
  Results results_;
  std::vector<ConnectionPtr> idle_;
  Clock::time_point began_;
  Clock::time_point ended_;
  unsigned long asked_ = 0;
  unsigned long under_way_ = 0;
};

bool read_options(int argc, char** argv, Options& options) {
  if (argc < 2) return false;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::map<std::string_view, unsigned long*> numbers{
      {"rate", &options.rate},       {"connections", &options.connections},
      {"seconds", &options.seconds}, {"frames", &options.frames},
      {"first", &options.first},     {"gap", &options.gap},
      {"reply", &options.reply},     {"prompt", &options.prompt}};
  for (int i = 2; i < argc; ++i) {
    const std::string_view argument{argv[i]};
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos) return false;
    const auto key = argument.substr(0, equals);
    const std::string value{argument.substr(equals + 1)};
    if (key == "path") {
      options.path = value;
    } else if (key == "header") {
      options.headers += value + "\r\n";
    } else if (const auto number = numbers.find(key); number != numbers.end()) {
      *number->second = std::strtoul(value.c_str(), nullptr, 10);
    } else {
      return false;
    }
  }
  return options.port != 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    std::fprintf(stderr, "usage: llm_load PORT [KEY=VALUE ...]; the keys are at the beginning of llm_load.cpp\n");
    return 2;
  }
  asio::io_context loop{1};
  Load load{loop, options};
  asio::co_spawn(loop, load.run(), asio::detached);
  loop.run();
  load.print();
  return 0;
}
