// SPDX-License-Identifier: Apache-2.0
// A breaker goes through an outage and tells of it: closed, open, half open, open, half open, closed.
//
// example [HOST PORT] prints how many calls of each result there were, as JSON.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "breaker_reporter.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kThreshold = 5;  // failures in a row
constexpr auto kOpen = 300ms;

enum class Outcome { success, failure, rejected };

/// A small breaker. The lines with `reporter_` are all that reporting takes.
class Breaker {
 public:
  Breaker(std::string name, binnacle::BreakerReporter& reporter) : name_(std::move(name)), reporter_(reporter) {
    move_to("closed");
    reporter_.setting(name_, "minimum_calls", kThreshold);
  }

  /// Calls `function`, which gives whether it worked, unless the breaker is open.
  template <class Function>
  Outcome call(Function function) {
    if (state_ == "open") {
      if (Clock::now() < opened_ + kOpen) {
        reporter_.calls(name_, "rejected");
        return Outcome::rejected;
      }
      move_to("half_open");
    }
    const auto began = Clock::now();
    const bool worked = function();
    reporter_.call(name_, worked ? "success" : "failure", Clock::now() - began);
    failures_ = worked ? 0 : failures_ + 1;
    if (worked && state_ == "half_open") move_to("closed");
    if (!worked && (state_ == "half_open" || failures_ >= kThreshold)) {
      opened_ = Clock::now();
      move_to("open");
    }
    return worked ? Outcome::success : Outcome::failure;
  }

 private:
  void move_to(const std::string& state) {
    state_ = state;
    reporter_.state(name_, state_);
  }

  std::string name_;
  binnacle::BreakerReporter& reporter_;
  std::string state_;
  int failures_ = 0;
  Clock::time_point opened_;
};

void run(const std::string& host, const std::string& port) {
  binnacle::BreakerReporter reporter{host, port, {"example"}};
  Breaker breaker{"payments", reporter};
  int counts[3] = {};
  const auto call = [&](bool works, int times) {
    for (int i = 0; i < times; ++i) {
      const auto outcome = breaker.call([works] {
        std::this_thread::sleep_for(2ms);
        return works;
      });
      ++counts[static_cast<int>(outcome)];
    }
  };
  call(true, 100);
  call(false, 50);  // opens after five of them
  std::this_thread::sleep_for(kOpen);
  call(false, 20);  // the first one, half open, fails
  std::this_thread::sleep_for(kOpen);
  call(true, 100);  // the first one, half open, closes it
  std::printf("{\"success\": %d, \"failure\": %d, \"rejected\": %d}\n", counts[0], counts[1], counts[2]);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 2 ? argv[1] : "127.0.0.1", argc > 2 ? argv[2] : "9125");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
