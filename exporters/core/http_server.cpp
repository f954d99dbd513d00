// SPDX-License-Identifier: Apache-2.0
#include "http_server.h"

#include <civetweb.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "basic_auth.h"
#include "http_response.h"
#include "listen_address.h"
#include "log.h"
#include "rate_limiter.h"
#include "text.h"
#include "tls.h"
#include "watched_web_config.h"

// 1 when civetweb was built from source with TLS and IPv6 (subprojects/packagefiles/civetweb), 0 for the system's.
#ifndef BINNACLE_CIVETWEB_TLS
#define BINNACLE_CIVETWEB_TLS 0
#endif

namespace binnacle {
namespace {

constexpr bool kHasTls = BINNACLE_CIVETWEB_TLS != 0;
constexpr const char* kMaxRequestSize = "16384";  // bytes of request line and headers
constexpr const char* kConnectionQueue = "128";   // accepted connections that wait for a thread
constexpr std::size_t kWriteChunk = std::size_t{256} << 10U;

/// Threads made while this lives take no signals, which stay with the thread that asked for them. Faults are not
/// held back: they belong to the thread that makes them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

HttpRequest read_request(const mg_request_info& info) {
  HttpRequest request;
  request.method = info.request_method == nullptr ? "" : info.request_method;
  // With decode_url off civetweb leaves this one as it came, without the query.
  request.path = info.local_uri_raw == nullptr ? "" : info.local_uri_raw;
  request.query = info.query_string == nullptr ? "" : info.query_string;
  const auto count = static_cast<std::size_t>(std::max(info.num_headers, 0));
  request.headers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const mg_header& header = info.http_headers[i];
    request.headers.emplace_back(header.name == nullptr ? "" : header.name,
                                 header.value == nullptr ? "" : header.value);
  }
  request.remote_address = info.remote_addr;
  constexpr std::string_view kMappedIpv4 = "::ffff:";  // an IPv4 client on an IPv6 socket
  if (request.remote_address.starts_with(kMappedIpv4) && request.remote_address.find('.') != std::string::npos) {
    request.remote_address.erase(0, kMappedIpv4.size());
  }
  return request;
}

bool announces_body(const HttpRequest& request) {
  const std::string_view length = request.header("Content-Length");
  return !request.header("Transfer-Encoding").empty() || length.find_first_not_of('0') != std::string_view::npos;
}

/// The server's TLS, where the web config file asks for it. Throws in one line.
void load_tls(std::optional<TlsContext>& tls, const std::string& path, WatchedWebConfig& config) {
  if (!config.current()->tls) return;
  if (!kHasTls) {
    throw std::runtime_error(path +
                             ": tls_server_config: this build has no TLS, because it uses the system's civetweb; "
                             "build with -Dcivetweb=source");
  }
  try {
    tls.emplace([&config] { return config.current()->tls; });
  } catch (const std::exception& error) {
    throw std::runtime_error(path + ": tls_server_config: " + error.what());
  }
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpHandler handler)
      : options_(std::move(options)), handler_(std::move(handler)), web_config_(options_.web_config_file) {
    const auto config = web_config_.current();
    if (config->rate_limit) limiter_.emplace(config->rate_limit->interval, config->rate_limit->burst);
    load_tls(tls_, options_.web_config_file, web_config_);
    start(listening_ports());
  }

  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] std::vector<std::string> listening_on() const { return urls_; }

  void stop() {
    const std::lock_guard stopping(stop_mutex_);
    if (!context_) return;
    {
      // civetweb cuts what is being written as soon as it is told to stop, so that is done when nothing is.
      std::unique_lock lock(requests_mutex_);
      draining_ = true;
      requests_done_.wait(lock, [this] { return requests_ == 0; });
    }
    context_.reset();
  }

  void reload_web_config() {
    web_config_.reload();
    if (tls_) tls_->reload();
  }

 private:
  /// civetweb's option: "127.0.0.1:9100,[::1]:9100s"; "+9100" is every address of both kinds.
  std::string listening_ports() {
    if (options_.listen_addresses.empty()) throw std::runtime_error("no listen address given");
    std::string ports;
    for (const std::string& text : options_.listen_addresses) {
      const BindAddress address = resolve_listen_address(parse_listen_address(text), kHasTls);
      check_can_bind(address, text);
      if (!ports.empty()) ports += ',';
      if (address.family == BindAddress::Family::both) {
        ports.append("+").append(std::to_string(address.port));
      } else {
        ports += address.to_string(address.port);
      }
      if (tls_) ports += 's';
      addresses_.push_back(address);
    }
    return ports;
  }

  void start(const std::string& ports) {
    const std::string threads = std::to_string(std::max(options_.threads, 1));
    const std::string timeout = std::to_string(std::max<long>(options_.request_timeout.count(), 1));
    const std::array<const char*, 21> settings{"listening_ports",
                                               ports.c_str(),
                                               "num_threads",
                                               threads.c_str(),
                                               "request_timeout_ms",
                                               timeout.c_str(),
                                               "max_request_size",
                                               kMaxRequestSize,
                                               "connection_queue",
                                               kConnectionQueue,
                                               "tcp_nodelay",
                                               "1",
                                               "enable_keep_alive",
                                               "no",
                                               "decode_url",
                                               "no",
                                               "enable_directory_listing",
                                               "no",
                                               "enable_auth_domain_check",
                                               "no",
                                               nullptr};
    mg_callbacks callbacks{};
    callbacks.begin_request = &Impl::on_request;
    callbacks.http_error = &Impl::on_error;
    callbacks.log_message = &Impl::on_log;
    callbacks.external_ssl_ctx = &Impl::on_tls_context;
    {
      const SignalsBlocked blocked;
      context_.reset(mg_start(&callbacks, this, const_cast<const char**>(settings.data())));
    }
    const std::lock_guard lock(requests_mutex_);
    starting_ = false;
    if (!context_) throw std::runtime_error("cannot start the HTTP server on " + ports + ": " + start_error_);
    std::vector<mg_server_port> bound(addresses_.size());
    const int count = mg_get_server_ports(context_.get(), static_cast<int>(bound.size()), bound.data());
    for (std::size_t i = 0; i < addresses_.size() && static_cast<int>(i) < count; ++i) {
      const auto port = static_cast<std::uint16_t>(bound[i].port);
      urls_.push_back((tls_ ? "https://" : "http://") + addresses_[i].to_string(port));
    }
  }

  static Impl& self_of(const mg_connection* connection) {
    return *static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
  }

  static int on_log(const mg_connection* connection, const char* message) {
    try {
      Impl& self = self_of(connection);
      // Once it serves, these are the faults of single connections: a client that is no TLS client, or went away.
      log::debug("http connection", {{"message", message}});
      const std::lock_guard lock(self.requests_mutex_);
      if (self.starting_) self.start_error_ = message;
    } catch (...) {
      return 1;
    }
    return 1;  // handled: civetweb writes nothing itself
  }

  /// civetweb asks when it starts, and again when it stops; 1 = the context is ours to configure and to free.
  static int on_tls_context(void** context, void* user_data) {
    auto& self = *static_cast<Impl*>(user_data);
    if (!self.tls_) return 0;
    *context = self.tls_->listener();
    return 1;
  }

  /// What civetweb refuses by itself: requests that it cannot parse, too large ones, timeouts.
  static int on_error(mg_connection* connection, int status, const char* /*message*/) {
    try {
      mg_disable_connection_keep_alive(connection);
      const HttpResponse response = plain_response(status);
      self_of(connection).write(connection, response_head(response, {}, std::time(nullptr)), response.body.get(), "");
    } catch (...) {
      return 0;
    }
    return 0;  // handled
  }

  /// One request: the only way into the handler. No exception may cross civetweb's C frames.
  static int on_request(mg_connection* connection) {
    // civetweb reads an announced body to its end, however long, unless the connection is to be closed.
    mg_disable_connection_keep_alive(connection);
    Impl& self = self_of(connection);
    try {
      const RequestUnderWay under_way(self);
      return self.serve(connection, under_way.refused());
    } catch (const std::exception& error) {
      log::error("http request failed", {{"error", error.what()}});
    } catch (...) {
      log::error("http request failed", {{"error", "unknown exception"}});
    }
    return 500;
  }

  /// Counts a request while it is served; refuses it when the server stops.
  class RequestUnderWay {
   public:
    explicit RequestUnderWay(Impl& server) : server_(server) {
      const std::lock_guard lock(server_.requests_mutex_);
      refused_ = server_.draining_;
      if (!refused_) ++server_.requests_;
    }
    ~RequestUnderWay() {
      if (refused_) return;
      const std::lock_guard lock(server_.requests_mutex_);
      if (--server_.requests_ == 0) server_.requests_done_.notify_all();
    }
    RequestUnderWay(const RequestUnderWay&) = delete;
    RequestUnderWay& operator=(const RequestUnderWay&) = delete;
    [[nodiscard]] bool refused() const { return refused_; }

   private:
    Impl& server_;
    bool refused_ = false;
  };

  int serve(mg_connection* connection, bool stopping) {
    HttpRequest request = read_request(*mg_get_request_info(connection));
    const auto config = web_config_.current();
    HttpResponse response = stopping ? plain_response(503, "shutting down") : respond(request, *config);
    std::string head;
    try {
      head = response_head(response, config->headers, std::time(nullptr));
    } catch (const std::exception& error) {
      log::error("http handler failed", {{"path", request.path}, {"error", error.what()}});
      response = plain_response(500);
      head = response_head(response, config->headers, std::time(nullptr));
    }
    write(connection, std::move(head), request.method == "HEAD" ? nullptr : response.body.get(), request.path);
    return response.status;
  }

  HttpResponse respond(HttpRequest& request, const WebConfig& config) {
    const bool open = options_.no_auth && options_.no_auth(request.path);
    if (limiter_ && !open && !limiter_->allow()) return plain_response(429);
    if (!open && !config.basic_auth_users.empty()) {
      if (!auth_.check(config.basic_auth_users, request.header("Authorization"))) {
        HttpResponse response = plain_response(401);
        response.headers.emplace_back("WWW-Authenticate", "Basic");
        return response;
      }
      // It was for us: the handler has no use for a password.
      std::erase_if(request.headers, [](const auto& header) { return same_header(header.first, "Authorization"); });
    }
    const auto allowed = [&](std::string_view method) {
      return method == "GET" || method == "HEAD" || (options_.allowed && options_.allowed(method, request.path));
    };
    if (!allowed(request.method) || announces_body(request)) {
      HttpResponse response =
          plain_response(405, allowed(request.method) ? "a request body is not accepted" : std::string_view{});
      response.headers.emplace_back("Allow", allowed("POST") ? "GET, HEAD, POST" : "GET, HEAD");
      return response;
    }
    try {
      return handler_(request);
    } catch (const std::exception& error) {
      log::error("http handler failed", {{"path", request.path}, {"error", error.what()}});
    } catch (...) {
      log::error("http handler failed", {{"path", request.path}, {"error", "unknown exception"}});
    }
    return plain_response(500);
  }

  void write(mg_connection* connection, std::string head, const std::string* whole_body,
             const std::string& path) const {
    std::string_view body = whole_body == nullptr ? std::string_view{} : std::string_view(*whole_body);
    // A small body leaves in one packet with its head.
    if (body.size() <= kWriteChunk / 4) {
      head += body;
      body = {};
    }
    const auto deadline = std::chrono::steady_clock::now() + options_.request_timeout;
    std::size_t sent = 0;
    for (std::string_view part : {std::string_view(head), body}) {
      while (!part.empty()) {
        const std::string_view chunk = part.substr(0, kWriteChunk);
        // civetweb's timeout is for each write; a client that reads a little now and then must not stay for ever.
        const bool late = std::chrono::steady_clock::now() > deadline;
        const int written = late ? 0 : mg_write(connection, chunk.data(), chunk.size());
        if (written > 0) sent += static_cast<std::size_t>(written);
        if (written < 0 || static_cast<std::size_t>(written) != chunk.size()) {
          log::warn("http client did not take the whole response",
                    {{"path", path}, {"sent_bytes", std::to_string(sent)}});
          return;
        }
        part.remove_prefix(chunk.size());
      }
    }
  }

  HttpServerOptions options_;
  HttpHandler handler_;
  WatchedWebConfig web_config_;
  BasicAuth auth_;
  std::optional<RateLimiter> limiter_;
  std::optional<TlsContext> tls_;
  std::vector<BindAddress> addresses_;
  std::vector<std::string> urls_;
  std::string start_error_;
  bool starting_ = true;

  std::mutex requests_mutex_;
  std::condition_variable requests_done_;
  int requests_ = 0;
  bool draining_ = false;

  struct Stop {
    void operator()(mg_context* context) const { mg_stop(context); }
  };
  std::mutex stop_mutex_;
  std::unique_ptr<mg_context, Stop> context_;  // last, so that the threads end before what they use
};

HttpServer::HttpServer(HttpServerOptions options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() = default;

bool HttpServer::has_tls_and_ipv6() { return kHasTls; }

std::vector<std::string> HttpServer::listening_on() const { return impl_->listening_on(); }

void HttpServer::check_web_config(const std::string& path) {
  WatchedWebConfig config{path};
  std::optional<TlsContext> tls;
  load_tls(tls, path, config);
}

void HttpServer::stop() { impl_->stop(); }

void HttpServer::reload_web_config() { impl_->reload_web_config(); }

}  // namespace binnacle
