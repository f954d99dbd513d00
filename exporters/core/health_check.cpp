// SPDX-License-Identifier: Apache-2.0
#include "health_check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "deleter.h"
#include "file.h"
#include "listen_address.h"
#include "socket.h"
#include "text.h"
#include "web_config.h"

namespace binnacle {

namespace {

constexpr std::string_view kPath = "/health/live";
constexpr std::string_view kRequest = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// More than a status line has.
constexpr std::size_t kLongestLine = 1024;

/// A client's side of TLS over a Socket, which knows deadlines and which OpenSSL's own BIOs do not.
class TlsClient {
 public:
  TlsClient(Socket& socket, Clock::time_point deadline) : socket_(socket), deadline_(deadline) {
    // Whatever old version or cipher its config allows the server to speak.
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), 0);
    SSL_CTX_set_cipher_list(context_.get(), "ALL");
    ssl_.reset(SSL_new(context_.get()));
    from_server_ = BIO_new(BIO_s_mem());
    to_server_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), from_server_, to_server_);
    SSL_set_connect_state(ssl_.get());
  }

  void write_all(std::string_view bytes) {
    drive([&] { return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())); });
  }

  std::size_t read_some(std::span<char> buffer) {
    return static_cast<std::size_t>(
        drive([&] { return SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size())); }));
  }

  [[nodiscard]] bool has_certificate() const { return SSL_get0_peer_certificate(ssl_.get()) != nullptr; }

 private:
  template <typename Step>
  int drive(Step step) {
    for (;;) {
      ERR_clear_error();
      const int result = step();
      char* bytes = nullptr;
      const auto count = BIO_get_mem_data(to_server_, &bytes);
      if (count > 0) socket_.write_all({bytes, static_cast<std::size_t>(count)}, deadline_);
      BIO_reset(to_server_);
      if (result > 0) return result;
      if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) throw std::runtime_error("TLS failed");
      std::array<char, 16'384> buffer{};
      const auto got = socket_.read_some(buffer, deadline_);
      BIO_write(from_server_, buffer.data(), static_cast<int>(got));
    }
  }

  Socket& socket_;
  Clock::time_point deadline_;
  std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context_{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, Deleter<SSL_free>> ssl_;
  BIO* from_server_ = nullptr;  // owned by ssl_
  BIO* to_server_ = nullptr;
};

/// `read_some` gives the number of bytes that it put into its buffer, or throws.
template <typename ReadSome>
std::string read_line(ReadSome read_some) {
  std::string text;
  std::array<char, kLongestLine> buffer{};
  while (text.find('\n') == std::string::npos && text.size() < kLongestLine) {
    text.append(buffer.data(), read_some(std::span<char>{buffer}));
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

std::string ask(Socket& socket, Clock::time_point deadline) {
  socket.write_all(kRequest, deadline);
  return read_line([&](std::span<char> buffer) { return socket.read_some(buffer, deadline); });
}

/// Nothing: the server wants a certificate of its clients, and has shown its own.
std::optional<std::string> ask_tls(Socket& socket, ClientAuth client_auth, Clock::time_point deadline) {
  TlsClient tls{socket, deadline};
  try {
    tls.write_all(kRequest);
    return read_line([&](std::span<char> buffer) { return tls.read_some(buffer); });
  } catch (const std::runtime_error&) {
    const bool wanted = client_auth == ClientAuth::require_any || client_auth == ClientAuth::require_and_verify;
    if (wanted && tls.has_certificate()) return std::nullopt;
    throw;
  }
}

/// Where on this machine a server that listens there can be reached.
Address reachable(const ListenAddress& listen) {
  if (listen.port == 0) throw std::runtime_error("port 0 stands for any port, and does not tell which");
  const bool every = listen.host.empty() || listen.host == "0.0.0.0" || listen.host == "::";
  return {every ? "127.0.0.1" : listen.host, listen.port, {}};
}

std::string status_line(const Address& address, const std::optional<TlsSettings>& tls, Clock::time_point deadline) {
  Socket socket = Socket::connect(address, deadline);
  if (!tls) return ask(socket, deadline);
  return ask_tls(socket, tls->client_auth, deadline).value_or("HTTP/1.1 200 OK");
}

struct File {
  dev_t device;
  ino_t inode;
  bool operator==(const File&) const = default;
};

std::optional<File> file_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return File{found.st_dev, found.st_ino};
}

/// The flags in a /proc/PID/cmdline, where each argument ends with a zero byte and the first one is the program.
std::vector<std::string> flags_in(std::string_view cmdline) {
  std::vector<std::string> flags;
  take_until(cmdline, '\0');
  while (!cmdline.empty()) flags.emplace_back(take_until(cmdline, '\0'));
  return flags;
}

bool serves(const std::vector<std::string>& flags) {
  return std::none_of(flags.begin(), flags.end(), [](const std::string& flag) {
    return flag.starts_with("--health-check") || flag.starts_with("--once") || flag.starts_with("--config.check");
  });
}

}  // namespace

void check_health(const std::vector<std::string>& listen_addresses, const std::string& web_config_file,
                  std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::optional<TlsSettings> tls;
  if (!web_config_file.empty()) tls = parse_web_config(read_file(web_config_file), web_config_file).tls;
  for (const auto& text : listen_addresses) {
    const auto wrong = [&](const std::string& why) {
      return std::runtime_error("not healthy: " + std::string{kPath} + " at " + text + ": " + why);
    };
    std::string line;
    try {
      line = status_line(reachable(parse_listen_address(text)), tls, deadline);
    } catch (const Timeout&) {
      throw wrong("no answer within " + std::to_string(timeout.count()) + " ms");
    } catch (const std::runtime_error& error) {
      throw wrong(error.what());
    }
    if (!line.starts_with("HTTP/1.1 200")) throw wrong("answered " + quoted(line));
  }
}

std::vector<std::string> serving_arguments(const std::string& proc) {
  const auto own = file_of(proc + "/self/exe");
  if (!own) return {};
  std::optional<std::vector<std::string>> found;
  std::string buffer;
  for (const auto& name : try_list_directory(proc).value_or(std::vector<std::string>{})) {
    if (!to_u64(name) || file_of(proc + "/" + name + "/exe") != own) continue;
    const auto cmdline = try_read_file(proc + "/" + name + "/cmdline", buffer);
    if (!cmdline) continue;  // it has just ended
    auto flags = flags_in(*cmdline);
    if (!serves(flags)) continue;
    if (found) return {};
    found = std::move(flags);
  }
  return found.value_or(std::vector<std::string>{});
}

}  // namespace binnacle
