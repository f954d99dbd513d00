// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <map>
#include <string>

#include "heads.h"
#include "waker.h"

namespace binnacle::gateway {

namespace {

constexpr std::chrono::seconds kLookAgain{1};
constexpr std::size_t kHeaderLimit = std::size_t{64} << 10U;

Task<void> probe(asio::io_context& loop, std::shared_ptr<Upstream> upstream) {
  const auto& config = upstream->config();
  const auto began = Clock::now();
  const auto connection = upstream->make_connection(loop);
  UpstreamHead request;
  const Headers none;
  request.method = "GET";
  request.target = config.path + config.probe_path;
  request.headers = &none;
  request.key = upstream->key();
  const auto head = upstream_head(request, config);
  const std::array buffers{asio::buffer(head)};
  const auto deadline = began + config.connect_timeout;
  ReplyParser parser{kHeaderLimit, std::nullopt};
  auto error = co_await connection->open(deadline);
  if (!error) error = co_await connection->write(buffers, deadline);
  while (!error && !parser.is_header_done()) {
    error = co_await connection->read(deadline);
    auto& buffer = connection->buffer();
    auto bytes = bytes_in(buffer);
    const auto size = bytes.size();
    if (parser.feed(bytes) == ReplyParser::Progress::bad) break;
    buffer.consume(size - bytes.size());
  }
  upstream->use().probe_ok = parser.is_header_done() && parser.status() < 500;
}

}  // namespace

Task<void> probe_upstreams(Proxy& proxy) {
  Waker pause{proxy.loop};
  std::map<std::string, Clock::time_point> next;
  while (true) {
    const auto now = Clock::now();
    for (const auto& upstream : proxy.setup->upstreams) {
      const auto& config = upstream->config();
      if (config.probe_path.empty() || next[config.name] > now) continue;
      next[config.name] = now + config.probe_interval;
      asio::co_spawn(proxy.loop.get_executor(), probe(proxy.loop, upstream), asio::detached);
    }
    co_await pause.wait(now + kLookAgain);
  }
}

}  // namespace binnacle::gateway
