// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle {

/// One request, as the client sent it. Nothing is decoded or normalised: routes compare exact paths.
struct HttpRequest {
  std::string method;  ///< GET, HEAD, or what HttpServerOptions::allowed lets through
  std::string path;    ///< the exact path, still percent-encoded
  std::string query;   ///< the raw query string, without '?'
  std::vector<std::pair<std::string, std::string>> headers;
  std::string remote_address;  ///< the client's address, without its port

  /// The value of a header, its name compared without case; "" when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// What a handler answers. Content-Length, Date and Connection are added by the server.
struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::shared_ptr<const std::string> body;  ///< shared: concurrent scrapes may send the same bytes; null = empty
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Called on one of the server's threads, several at a time. An exception becomes a 500 and a log line.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpServerOptions {
  std::vector<std::string> listen_addresses;  ///< ":9100", "127.0.0.1:9100", "[::1]:9100"; port 0 = any free port
  std::string web_config_file;                ///< exporter-toolkit's YAML; "" = no TLS, no authentication
  int threads = 16;                           ///< requests served at the same time
  std::chrono::milliseconds request_timeout{10000};  ///< for reading a request, and again for writing its response
  /// Paths never behind authentication (/health/live, /health/ready). Empty = none.
  std::function<bool(std::string_view path)> no_auth;
  /// Methods beyond GET and HEAD: true for, say, POST /-/reload. A request with a body is refused always.
  std::function<bool(std::string_view method, std::string_view path)> allowed;
};

/// The HTTP server of every exporter: one handler for all paths, TLS and basic authentication from the web
/// config file, bounded requests. civetweb is hidden behind it.
class HttpServer {
 public:
  /// Binds and starts to serve. Throws std::runtime_error with one clear line: an address in use, a certificate
  /// that does not match its key, a missing file, an unknown key in the web config.
  HttpServer(HttpServerOptions options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Whether this build has TLS and IPv6: not so when it uses the system's civetweb. Asked for anyway, they are an
  /// error at construction.
  [[nodiscard]] static bool has_tls_and_ipv6();

  /// Reads the web config file and all that it names, as the constructor does; an empty path is no file. Throws as the
  /// constructor does.
  static void check_web_config(const std::string& path);

  /// The URLs served, with the real port where 0 was asked: "http://127.0.0.1:9100".
  [[nodiscard]] std::vector<std::string> listening_on() const;

  /// Refuses new connections, finishes the requests under way, then returns. Safe to call twice.
  void stop();

  /// Checks the web config file and takes it over now. The file is also looked at while requests come in; this
  /// call is for SIGHUP and /-/reload, which want to hear of a bad file: throws std::runtime_error with one
  /// clear line, and the old configuration stays.
  void reload_web_config();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace binnacle
