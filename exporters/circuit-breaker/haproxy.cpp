// SPDX-License-Identifier: Apache-2.0
#include "haproxy.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "append_within.h"
#include "core/socket.h"
#include "core/strict_yaml.h"
#include "core/text.h"
#include "haproxy_breakers.h"
#include "haproxy_csv.h"
#include "http_client.h"

namespace binnacle::breaker {

namespace {

using namespace std::chrono_literals;

constexpr int kDefaultPort = 9999;  // as HAProxy's manual has it
constexpr std::size_t kReplyLimit = HttpClient::kBodyLimit;
constexpr std::size_t kReadSize = 65'536;
constexpr auto kLookForStop = 100ms;
/// All proxies, of them the servers only.
constexpr std::string_view kCommand = "show stat -1 4 -1\n";
constexpr std::string_view kReplyEnd = "\n\n";

HttpSettings csv_page(HttpSettings page) {
  // What follows the ';' of a statistics page's path is how it is shown.
  constexpr std::string_view kCsv = ";csv";
  if (page.url.ends_with(kCsv)) page.url.resize(page.url.size() - kCsv.size());
  const auto authority = page.url.find("://") + 3;
  if (page.url.find('/', authority) == std::string::npos) page.url += '/';
  return page;
}

void check_stop(const PollContext& context) {
  if (context.stopped()) throw SourceError(Failure::timeout, "the exporter ends");
}

/// Throws SourceError where HAProxy says no.
void check_answer(std::string_view reply) {
  auto rest = reply;
  const auto line = next_line(rest).value_or("");
  if (line.starts_with("Permission denied")) {
    throw SourceError(Failure::unauthorized, "HAProxy's socket answered " + quoted(line));
  }
  if (line.starts_with("Unknown command")) {
    throw SourceError(Failure::refused, "HAProxy's socket answered " + quoted(line));
  }
}

/// One command to a socket, which HAProxy closes after its answer.
class SocketReader {
 public:
  explicit SocketReader(Address address) : address_(std::move(address)) {}

  [[nodiscard]] std::string read(const PollContext& context) const {
    auto socket = Socket::connect(address_, context.deadline);
    socket.write_all(kCommand, context.deadline);
    std::string reply;
    try {
      read_all(socket, reply, context);
    } catch (const ConnectionLost& lost) {
      // What is missing must not be taken for servers that are gone.
      const bool is_part = reply.empty() || (reply.front() == '#' && !reply.ends_with(kReplyEnd));
      if (is_part)
        throw SourceError(Failure::unreachable, "HAProxy's answer is not whole: " + std::string{lost.what()});
    }
    check_answer(reply);
    return reply;
  }

 private:
  /// Throws ConnectionLost, as every answer ends so.
  static void read_all(Socket& socket, std::string& reply, const PollContext& context) {
    std::vector<char> buffer(kReadSize);
    for (;;) {
      check_stop(context);
      const auto until = std::min(Clock::now() + kLookForStop, context.deadline);
      std::size_t got = 0;
      try {
        got = socket.read_some(buffer, until);
      } catch (const Timeout&) {
        if (until == context.deadline) throw SourceError(Failure::timeout, "HAProxy did not answer in time");
      }
      if (!append_within(reply, {buffer.data(), got}, kReplyLimit)) {
        throw SourceError(Failure::too_large, "HAProxy's answer is longer than 16 MiB");
      }
    }
  }

  Address address_;
};

class HaproxySource : public Source {
 public:
  explicit HaproxySource(const HaproxySettings& settings) {
    if (settings.socket) {
      socket_.emplace(*settings.socket);
    } else {
      page_ = std::make_unique<HttpClient>(csv_page(settings.page.value()));
    }
  }

  Reading poll(const PollContext& context) override {
    const auto csv = socket_ ? socket_->read(context) : page_->get(";csv", context, kReplyLimit);
    const auto time = Clock::now();
    auto servers = by_id(parse_haproxy_csv(csv));
    auto reading = read_haproxy(before_ ? &*before_ : nullptr, servers, time - time_);
    before_ = std::move(servers);
    time_ = time;
    return reading;
  }

 private:
  std::optional<SocketReader> socket_;
  std::unique_ptr<HttpClient> page_;
  // Of the last poll that succeeded:
  std::optional<HaproxyServers> before_;
  Clock::time_point time_;
};

}  // namespace

HaproxySettings haproxy_from_address(const std::string& address) {
  HaproxySettings settings;
  if (address.starts_with("http://") || address.starts_with("https://")) {
    settings.page = HttpSettings{parse_url(address)};
  } else {
    settings.socket = parse_address(address, kDefaultPort);
  }
  return settings;
}

HaproxySettings parse_haproxy(YamlMap& source, const CredentialModules& modules) {
  HaproxySettings settings;
  const auto address = source.text("address");
  if (!address && !source.text("url")) {
    throw source.error("", "expected address, of a stats socket, or url, of a stats page");
  }
  if (!address) {
    settings.page = parse_http_settings(source, modules);
    return settings;
  }
  if (source.text("url")) throw source.error("url", "expected either address or url");
  try {
    settings.socket = parse_address(*address, kDefaultPort);
  } catch (const std::runtime_error& error) {
    throw source.error("address", error.what());
  }
  return settings;
}

std::unique_ptr<Source> make_source(const HaproxySettings& settings) {
  return std::make_unique<HaproxySource>(settings);
}

}  // namespace binnacle::breaker
