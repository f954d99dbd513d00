// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>
#include <cstdio>

/// CPU time of this process with all its threads.
inline std::int64_t cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Calls `once`, which gives the bytes that it has read: first to warm up, then `iterations` times. Prints nanoseconds
/// an iteration, CPU time and wall time, then `steps` and the bytes of one. Returns the process's exit code.
template <typename Once>
int print_floor(long iterations, std::size_t steps, Once once) {
  const std::size_t bytes = once();
  const auto wall = std::chrono::steady_clock::now();
  const auto cpu = cpu_ns();
  std::size_t sum = 0;
  for (long i = 0; i < iterations; ++i) sum += once();
  const auto used = cpu_ns() - cpu;
  const auto took =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - wall).count();
  std::printf("%lld %lld %zu %zu\n", static_cast<long long>(used / iterations),
              static_cast<long long>(took / iterations), steps, bytes);
  return sum == 0 ? 1 : 0;
}
