// SPDX-License-Identifier: Apache-2.0
#include "http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "append_within.h"
#include "core/deleter.h"
#include "core/text.h"
#include "core/version.h"

namespace binnacle::breaker {

namespace {

/// What is read of the body of an answer that is no 200, so that the connection can be kept.
constexpr std::size_t kSkippedLimit = std::size_t{64} << 10U;
constexpr std::size_t kMessageLimit = 200;

using Easy = std::unique_ptr<CURL, Deleter<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Deleter<curl_multi_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Deleter<curl_slist_free_all>>;

void check(CURLcode code) {
  if (code != CURLE_OK) throw std::runtime_error(std::string{"libcurl: "} + curl_easy_strerror(code));
}

void check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(std::string{"libcurl: "} + curl_multi_strerror(code));
}

void initialize_once() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  check(initialized);
}

Failure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Failure::timeout;
    case CURLE_FILESIZE_EXCEEDED:
      return Failure::too_large;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_OUT_OF_MEMORY:         // of a header line that is too long
    case CURLE_UNSUPPORTED_PROTOCOL:  // no status line at all
    case CURLE_WEIRD_SERVER_REPLY:
      return Failure::bad_reply;
    default:
      return Failure::unreachable;
  }
}

/// libcurl's messages repeat names out of certificates and headers.
std::string one_line(std::string_view text) {
  auto line = to_utf8(trim(text.substr(0, kMessageLimit)));
  const auto odd = [](char byte) { return static_cast<unsigned char>(byte) < ' ' || byte == '\x7f'; };
  std::replace_if(line.begin(), line.end(), odd, '?');
  return line;
}

/// A request on its way, and the connection that the next one uses again.
class Transfer {
 public:
  using Take = std::function<bool(std::string_view bytes)>;

  Transfer(const HttpSettings& settings, const char* accept) : settings_(settings) {
    if (!easy_ || !multi_) throw std::runtime_error("libcurl: no memory");
    headers_.reset(curl_slist_append(nullptr, (std::string{"Accept: "} + accept).c_str()));
    CURL* const easy = easy_.get();
    check(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get()));
    const auto agent = "binnacle circuit-breaker-exporter/" + std::string{version()};
    check(curl_easy_setopt(easy, CURLOPT_USERAGENT, agent.c_str()));
    check(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
    check(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)));
    check(curl_easy_setopt(easy, CURLOPT_PROXY, ""));  // also none of the environment's
    check(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    check(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));  // else giving up waits for the name servers
    check(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data()));
    check(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body));
    check(curl_easy_setopt(easy, CURLOPT_WRITEDATA, this));
    if (!settings_.ca_file.empty()) check(curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str()));
    if (settings_.insecure_skip_verify) {
      check(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L));
      check(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L));
    }
  }
  ~Transfer() { end(); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Inflates bodies.
  void accept_gzip() { check(curl_easy_setopt(easy_.get(), CURLOPT_ACCEPT_ENCODING, "gzip")); }

  [[nodiscard]] bool under_way() const { return under_way_; }

  void begin(std::string_view path_and_query, const PollContext& context) {
    end();
    const auto url = settings_.url + std::string{path_and_query};
    check(curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str()));
    // A server of several addresses: libcurl gives each its share.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(context.deadline - Clock::now()).count();
    check(curl_easy_setopt(easy_.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<long>(left, 1))));
    log_in();
    path_ = path_and_query.substr(0, path_and_query.find('?'));  // a query may hold a token
    error_.front() = '\0';
    skipped_ = 0;
    check(curl_multi_add_handle(multi_.get(), easy_.get()));
    under_way_ = true;
  }

  /// Closes the connection, unless the answer was read whole.
  void end() {
    if (under_way_) curl_multi_remove_handle(multi_.get(), easy_.get());
    under_way_ = false;
  }

  /// Moves on by what has come by now, which `take` gets. True once the answer was read whole. Throws SourceError.
  bool advance(const Take& take) {
    take_ = &take;
    thrown_ = nullptr;
    refused_ = false;
    if (std::exchange(paused_, false)) check(curl_easy_pause(easy_.get(), CURLPAUSE_CONT));
    int running = 0;
    check(curl_multi_perform(multi_.get(), &running));
    take_ = nullptr;
    if (thrown_) std::rethrow_exception(thrown_);
    int messages = 0;
    const CURLMsg* const message = curl_multi_info_read(multi_.get(), &messages);
    if (message == nullptr) return false;
    const CURLcode code = message->data.result;
    check_status();
    if (code != CURLE_OK) throw error_of(code);
    return true;
  }

  /// Waits for more. Throws SourceError when `context.stop` becomes readable.
  void wait(Clock::time_point until, const PollContext& context) {
    constexpr long kLongestWait = 60'000;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    curl_waitfd stop{context.stop, CURL_WAIT_POLLIN, 0};
    check(curl_multi_poll(multi_.get(), &stop, context.stop >= 0 ? 1 : 0,
                          static_cast<int>(std::clamp<long>(left, 0, kLongestWait)), nullptr));
    // Not its `revents`, which do not tell of the other end of a pipe that was closed.
    if (context.stopped()) throw error(Failure::unreachable, "given up, since the exporter ends");
  }

  /// 0 before the headers.
  [[nodiscard]] long status() const {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  /// Throws SourceError for an answer that is no 200.
  void check_status() const {
    const long answer = status();
    if (answer < 200 || answer == 200) return;
    throw error(answer == 401 || answer == 403 ? Failure::unauthorized : Failure::refused,
                "HTTP " + std::to_string(answer));
  }

  [[nodiscard]] SourceError error(Failure failure, const std::string& what) const {
    return {failure, path_.empty() ? what : one_line(path_) + ": " + what};
  }

  /// Whether `take` returned false.
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->take_body({data, size * count});
  }

  /// Returns what libcurl is to make of it: all taken, another size for an end, or a pause.
  std::size_t take_body(std::string_view bytes) {
    constexpr std::size_t kEnd = 0;
    if (refused_) {
      paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    if (status() != 200) {
      skipped_ += bytes.size();
      return skipped_ > kSkippedLimit ? kEnd : bytes.size();
    }
    try {
      refused_ = !(*take_)(bytes);
      return bytes.size();
    } catch (...) {
      thrown_ = std::current_exception();
      return kEnd;
    }
  }

  /// The password may be another one than last time.
  void log_in() {
    const auto& [user, password] = settings_.credentials;
    if (user.empty() && !password) return;
    const auto secret = password ? password->reveal() : std::string{};
    CURL* const easy = easy_.get();
    if (!user.empty()) {
      check(curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC));
      check(curl_easy_setopt(easy, CURLOPT_USERNAME, user.c_str()));
      check(curl_easy_setopt(easy, CURLOPT_PASSWORD, secret.c_str()));
      return;
    }
    const auto odd = [](char byte) { return static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f'; };
    if (std::any_of(secret.begin(), secret.end(), odd)) {
      throw SourceError(Failure::unauthorized, "the password is no bearer token: it has a blank or a line end in it");
    }
    check(curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER));
    check(curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, secret.c_str()));
  }

  [[nodiscard]] SourceError error_of(CURLcode code) const {
    // Those of the first two hold how long it took, so that no two are alike.
    const bool plain = code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT || error_.front() == '\0';
    return error(failure_of(code), one_line(plain ? curl_easy_strerror(code) : error_.data()));
  }

  const HttpSettings& settings_;
  // The order of their ends: libcurl wants the handle gone before the multi handle, which closes the connection.
  std::array<char, CURL_ERROR_SIZE> error_{};
  Headers headers_;
  Multi multi_{curl_multi_init()};
  Easy easy_{curl_easy_init()};
  std::string path_;
  bool under_way_ = false;
  std::size_t skipped_ = 0;
  const Take* take_ = nullptr;  // of the call of advance()
  std::exception_ptr thrown_;
  bool refused_ = false;
  bool paused_ = false;
};

/// Ends a transfer however its user leaves.
class EndOf {
 public:
  explicit EndOf(Transfer& transfer) : transfer_(transfer) {}
  ~EndOf() { transfer_.end(); }
  EndOf(const EndOf&) = delete;
  EndOf& operator=(const EndOf&) = delete;

 private:
  Transfer& transfer_;
};

}  // namespace

struct HttpClient::State {
  explicit State(HttpSettings given) : settings(std::move(given)) {}

  const HttpSettings settings;
  Transfer page{settings, "application/json, */*;q=0.5"};
  std::optional<Transfer> stream;
};

HttpClient::HttpClient(HttpSettings settings) {
  initialize_once();
  state_ = std::make_unique<State>(std::move(settings));
  state_->page.accept_gzip();
}

HttpClient::~HttpClient() = default;

std::string HttpClient::get(std::string_view path_and_query, const PollContext& context, std::size_t limit) {
  auto& page = state_->page;
  page.begin(path_and_query, context);
  const EndOf end{page};
  std::string body;
  const Transfer::Take take = [&](std::string_view bytes) {
    if (append_within(body, bytes, limit)) return true;
    throw page.error(Failure::too_large, "more than " + std::to_string(limit) + " bytes");
  };
  while (!page.advance(take)) {
    if (Clock::now() >= context.deadline) {
      page.check_status();
      throw page.error(Failure::timeout, "no whole answer in time");
    }
    page.wait(context.deadline, context);
  }
  return body;
}

void HttpClient::stream(std::string_view path_and_query, Clock::time_point until,
                        const std::function<bool(std::string_view bytes)>& take, const PollContext& context) {
  if (!state_->stream) state_->stream.emplace(state_->settings, "text/event-stream");
  auto& stream = *state_->stream;
  if (!stream.under_way()) stream.begin(path_and_query, context);
  try {
    for (;;) {
      if (stream.advance(take)) throw stream.error(Failure::unreachable, "the stream has ended");
      if (stream.refused()) return;
      stream.check_status();
      const bool answered = stream.status() == 200;
      const auto limit = answered ? until : context.deadline;
      if (Clock::now() >= limit) {
        if (answered) return;
        throw stream.error(Failure::timeout, "no answer in time");
      }
      stream.wait(limit, context);
    }
  } catch (...) {
    stream.end();
    throw;
  }
}

}  // namespace binnacle::breaker
