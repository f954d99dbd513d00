// SPDX-License-Identifier: Apache-2.0
// Sends StatsD lines as fast as it can, or at a pace, and says how many.
//
// statsd_flood ADDRESS MODE LINES-A-PACKET PACKETS PACKETS-A-SECOND
// ADDRESS is IPV4:PORT or the path of a unix datagram socket. MODE counters: 1000 series of hits and misses with four
// tags each; mixed: counters, timers and gauges; random: names and tags that never come again. A pace of 0 is none.
// Prints what it sent: packets, lines, bytes, failed sends; and nanoseconds: wall time, CPU time.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 32;     // packets a call
constexpr std::size_t kPool = 4096;    // different packets, sent again and again
constexpr std::size_t kSeries = 1000;  // of each kind

int open_socket(const std::string& address) {
  if (address.starts_with('/')) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    address.copy(static_cast<char*>(to.sun_path), sizeof to.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? fd : -1;
  }
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? fd : -1;
}

std::string line(std::string_view mode, std::mt19937_64& random) {
  const auto number = std::to_string(random() % kSeries);
  if (mode == "random") {
    const auto noise = std::to_string(random());
    return "noise." + noise + ":1|c|#a" + noise + ":b" + noise;
  }
  const std::string tags = "#cache:users" + number + ",tier:l1,op:get";
  if (mode == "mixed" && random() % 3 == 0) return "cache.operation:" + std::to_string(random() % 1000) + "|ms|" + tags;
  if (mode == "mixed" && random() % 3 == 0) return "cache.size:" + std::to_string(random() % 100'000) + "|g|" + tags;
  return "cache.requests:1|c|" + tags + ",result:" + (random() % 8 == 0 ? "miss" : "hit");
}

std::int64_t cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: statsd_flood ADDRESS counters|mixed|random LINES-A-PACKET PACKETS PACKETS-A-SECOND\n");
    return 2;
  }
  const std::string_view mode = argv[2];
  const auto lines = std::strtoull(argv[3], nullptr, 10);
  const auto packets = std::strtoull(argv[4], nullptr, 10);
  const auto pace = std::strtoull(argv[5], nullptr, 10);
  const int fd = open_socket(argv[1]);
  if (fd < 0 || lines == 0) {
    std::fprintf(stderr, "statsd_flood: cannot send to %s\n", argv[1]);
    return 1;
  }
  std::mt19937_64 random{1};
  std::vector<std::string> pool(kPool);
  const auto fill = [&](std::string& packet) {
    packet.clear();
    for (std::uint64_t i = 0; i < lines; ++i) packet += (i == 0 ? "" : "\n") + line(mode, random);
  };
  for (auto& packet : pool) fill(packet);

  std::array<iovec, kBatch> pieces{};
  std::array<mmsghdr, kBatch> messages{};
  std::uint64_t sent = 0;
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;
  const auto began = Clock::now();
  const auto cpu = cpu_ns();
  while (sent + failed < packets) {
    const auto many = std::min<std::uint64_t>(kBatch, packets - sent - failed);
    for (std::uint64_t i = 0; i < many; ++i) {
      auto& packet = pool[(sent + failed + i) % kPool];
      if (mode == "random") fill(packet);
      pieces[i] = {packet.data(), packet.size()};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      bytes += packet.size();
    }
    std::uint64_t done = 0;
    while (done < many) {
      const int now = ::sendmmsg(fd, messages.data() + done, static_cast<unsigned>(many - done), 0);
      if (now > 0) {
        done += static_cast<std::uint64_t>(now);
        sent += static_cast<std::uint64_t>(now);
      } else {
        ++done;
        ++failed;
      }
    }
    if (pace != 0) {
      const auto due = began + std::chrono::nanoseconds((sent + failed) * 1'000'000'000 / pace);
      while (Clock::now() < due) {
        if (due - Clock::now() > std::chrono::microseconds{200}) std::this_thread::sleep_until(due);
      }
    }
  }
  const auto wall = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began).count();
  std::printf("%llu %llu %llu %llu %lld %lld\n", static_cast<unsigned long long>(sent),
              static_cast<unsigned long long>(sent * lines), static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(failed), static_cast<long long>(wall),
              static_cast<long long>(cpu_ns() - cpu));
  return 0;
}
