// SPDX-License-Identifier: Apache-2.0
#include "statsd_listener.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "log.h"

namespace binnacle {

namespace {

constexpr std::size_t kPackets = 64;
/// The longest UDP packet. Unix datagrams may be longer; no client of StatsD makes such.
constexpr std::size_t kPacketSize = std::size_t{64} << 10U;
/// Puts the packets' beginnings into different lines of the processor's caches.
constexpr std::size_t kStride = kPacketSize + 2112;
/// So many batches of one socket, and then it is the next one's turn.
constexpr int kBatchesInTurn = 16;
/// After an error that is not the packet's.
constexpr std::chrono::milliseconds kErrorPause{10};

void add(std::atomic<std::uint64_t>& counter, std::uint64_t more) {
  counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

/// Ends what begin_batch() began, whatever the sink throws.
class BatchScope {
 public:
  explicit BatchScope(EventSink& sink) : sink_(sink) { sink_.begin_batch(std::chrono::steady_clock::now()); }
  ~BatchScope() { sink_.end_batch(); }
  BatchScope(const BatchScope&) = delete;
  BatchScope& operator=(const BatchScope&) = delete;

 private:
  EventSink& sink_;
};

}  // namespace

void StatsdTotals::add(const StatsdCounts& counts) {
  const std::lock_guard lock{mutex_};
  counts_.metrics += counts.metrics;
  counts_.values += counts.values;
  counts_.checks += counts.checks;
  counts_.events += counts.events;
  counts_.clamped_rates += counts.clamped_rates;
  for (std::size_t i = 0; i < counts.errors.size(); ++i) counts_.errors.at(i) += counts.errors.at(i);
}

StatsdCounts StatsdTotals::read() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

/// Room for the packets of one call.
class StatsdListener::Batch {
 public:
  // Not set to zero, so that only what packets fill is memory.
  Batch() : bytes_(std::make_unique_for_overwrite<char[]>(kPackets * kStride)) {
    for (std::size_t i = 0; i < kPackets; ++i) {
      pieces_[i] = {bytes_.get() + i * kStride, kPacketSize};
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  /// The number of packets read, -1 with errno when none was.
  int receive(int fd) { return ::recvmmsg(fd, messages_.data(), kPackets, MSG_DONTWAIT, nullptr); }
  [[nodiscard]] std::string_view packet(std::size_t i) const {
    return {bytes_.get() + i * kStride, messages_[i].msg_len};
  }
  [[nodiscard]] bool cut(std::size_t i) const { return (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::array<iovec, kPackets> pieces_{};
  std::array<mmsghdr, kPackets> messages_{};
};

StatsdListener::StatsdListener(std::vector<std::shared_ptr<StatsdSocket>> sockets, EventSink& sink,
                               StatsdTotals& totals)
    : sockets_(std::move(sockets)), sink_(sink), totals_(totals) {
  thread_ = std::thread{[this] { run(); }};
}

StatsdListener::~StatsdListener() {
  stop_.raise();
  thread_.join();
}

void StatsdListener::run() {
  Batch batch;
  std::vector<pollfd> polled{{stop_.fd(), POLLIN, 0}};
  for (const auto& socket : sockets_) polled.push_back({socket->fd(), POLLIN, 0});
  for (;;) {
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;  // interrupted
    if (polled[0].revents != 0) return;
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      if (polled[i + 1].revents != 0) read(*sockets_[i], batch);
    }
  }
}

void StatsdListener::read(StatsdSocket& socket, Batch& batch) {
  for (int i = 0; i < kBatchesInTurn; ++i) {
    const int packets = batch.receive(socket.fd());
    if (packets < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      add(socket.errors, 1);
      std::this_thread::sleep_for(kErrorPause);
      return;
    }
    try {
      hand_over(socket, batch, static_cast<std::size_t>(packets));
    } catch (const std::exception& error) {
      add(socket.errors, 1);
      log::error("statsd: a batch is lost", {{"error", error.what()}});
    }
    if (static_cast<std::size_t>(packets) < kPackets) return;
  }
}

void StatsdListener::hand_over(StatsdSocket& socket, const Batch& batch, std::size_t packets) {
  StatsdCounts counts;
  std::uint64_t bytes = 0;
  std::uint64_t oversized = 0;
  {
    const BatchScope scope{sink_};
    for (std::size_t i = 0; i < packets; ++i) {
      auto packet = batch.packet(i);
      bytes += packet.size();
      if (batch.cut(i)) {
        ++oversized;
        packet = packet.substr(0, packet.rfind('\n') + 1);  // the last line is not whole
      }
      parser_.parse(packet, sink_, counts);
    }
  }
  add(socket.packets, packets);
  add(socket.received_bytes, bytes);
  add(socket.oversized, oversized);
  totals_.add(counts);
}

}  // namespace binnacle
