// SPDX-License-Identifier: Apache-2.0
// What telling of a call costs the application that uses examples/circuit-breaker/cpp.
//
// breaker_reporter_bench HOST PORT THREADS CALLS RATE
// All threads together make so many calls, at so many a second; a rate of 0 is as fast as they can. Prints: calls,
// lines dropped, and nanoseconds: of a call the mean, median, 99th and 99.9th percentile and the longest, and CPU time
// of the process a call. Reading the clock, about 25 ns, is in each.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <thread>
#include <vector>

#include "breaker_reporter.hpp"
#include "cpu_clock.h"

namespace {

using Clock = std::chrono::steady_clock;

/// Between two naps of a thread that keeps to a pace.
constexpr std::chrono::milliseconds kNap{1};

struct Load {
  std::size_t threads;
  std::size_t calls;  // of each thread
  double rate;        // of each thread
};

void make_calls(binnacle::BreakerReporter& reporter, const Load& load, std::vector<std::uint32_t>& took) {
  constexpr std::array<const char*, 4> kBreakers{"payments", "stock", "search", "mail"};
  took.reserve(load.calls);
  const auto start = Clock::now();
  std::chrono::duration<double, std::milli> duration{1};
  for (std::size_t i = 0; i < load.calls; ++i) {
    while (load.rate > 0 &&
           std::chrono::duration<double>{Clock::now() - start}.count() * load.rate <= static_cast<double>(i)) {
      std::this_thread::sleep_for(kNap);
    }
    const auto before = Clock::now();
    reporter.call(kBreakers[i % kBreakers.size()], i % 50 == 0 ? "failure" : "success", duration);
    const auto after = Clock::now();
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count();
    took.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(nanoseconds, UINT32_MAX)));
    duration = std::chrono::duration<double, std::milli>{1.0 + static_cast<double>(i % 977) / 7};
  }
}

int measure(const char* host, const char* port, const Load& load) {
  binnacle::BreakerReporter reporter{host, port, {"bench"}};
  std::vector<std::vector<std::uint32_t>> by_thread(load.threads);
  const auto cpu = cpu_ns();
  std::vector<std::thread> threads;
  threads.reserve(load.threads);
  for (auto& took : by_thread) threads.emplace_back([&] { make_calls(reporter, load, took); });
  for (auto& thread : threads) thread.join();
  const auto used = cpu_ns() - cpu;
  reporter.flush();

  std::vector<std::uint32_t> all;
  for (const auto& took : by_thread) all.insert(all.end(), took.begin(), took.end());
  if (all.empty()) return 1;
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
  };
  const auto mean = std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  std::printf("%zu %llu %.0f %u %u %u %u %.0f\n", all.size(), static_cast<unsigned long long>(reporter.dropped()), mean,
              at(0.5), at(0.99), at(0.999), all.back(), static_cast<double>(used) / static_cast<double>(all.size()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "breaker_reporter_bench HOST PORT THREADS CALLS RATE\n");
    return 1;
  }
  try {
    const auto threads = std::strtoul(argv[3], nullptr, 10);
    if (threads == 0) return 1;
    return measure(argv[1], argv[2],
                   {threads, std::strtoul(argv[4], nullptr, 10) / threads,
                    std::strtod(argv[5], nullptr) / static_cast<double>(threads)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
