// SPDX-License-Identifier: Apache-2.0
#include "job_runner.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace std::chrono_literals;
using binnacle::Clock;
using binnacle::Job;
using binnacle::JobOutcome;
using binnacle::JobRunner;

namespace {

/// Something that a job blocks on, until the test opens it.
class Gate {
 public:
  void wait() {
    std::unique_lock lock{mutex_};
    opened_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::scoped_lock lock{mutex_};
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

template <typename Condition>
void eventually(Condition condition) {
  const auto limit = Clock::now() + 30s;
  while (!condition() && Clock::now() < limit) std::this_thread::sleep_for(1ms);
  REQUIRE(condition());
}

Clock::time_point far() { return Clock::now() + 60s; }

}  // namespace

TEST_CASE("jobs of one lane run in order, and all outcomes come back in order", "[job_runner]") {
  JobRunner runner;
  std::string order;
  const auto outcomes = runner.run(
      {{"a", "", [&] { order += 'a'; }}, {"b", "", [&] { order += 'b'; }}, {"c", "", [&] { order += 'c'; }}}, far());
  CHECK(order == "abc");
  CHECK(outcomes == std::vector(3, JobOutcome::done));
  CHECK(runner.running() == 0);
}

TEST_CASE("no jobs, no wait", "[job_runner]") {
  JobRunner runner;
  CHECK(runner.run({}, far()).empty());
}

TEST_CASE("a blocked job delays nobody in its lane, and is not started twice", "[job_runner]") {
  auto gate = std::make_shared<Gate>();
  auto runs = std::make_shared<std::atomic<int>>(0);
  auto others = std::make_shared<std::atomic<int>>(0);
  JobRunner runner{{.stall = 5ms}};
  const auto batch = [&] {
    return std::vector<Job>{{"first", "", [others] { ++*others; }},
                            {"hung", "",
                             [gate, runs] {
                               ++*runs;
                               gate->wait();
                             }},
                            {"last", "", [others] { ++*others; }}};
  };

  auto outcomes = runner.run(batch(), Clock::now() + 200ms);
  CHECK(outcomes == std::vector{JobOutcome::done, JobOutcome::overran, JobOutcome::done});
  CHECK(*others == 2);

  outcomes = runner.run(batch(), far());
  CHECK(outcomes == std::vector{JobOutcome::done, JobOutcome::blocked, JobOutcome::done});
  CHECK(*runs == 1);
  CHECK(runner.running() == 1);

  gate->open();
  eventually([&] { return runner.running() == 0; });
  outcomes = runner.run(batch(), far());
  CHECK(outcomes == std::vector(3, JobOutcome::done));
  CHECK(*runs == 2);
}

TEST_CASE("a slow job that comes back in time is done, although its lane went on without it", "[job_runner]") {
  auto gate = std::make_shared<Gate>();
  JobRunner runner{{.stall = 5ms}};
  const auto outcomes =
      runner.run({{"slow", "", [gate] { gate->wait(); }}, {"opener", "", [gate] { gate->open(); }}}, far());
  CHECK(outcomes == std::vector(2, JobOutcome::done));
}

TEST_CASE("without hand-over, what stands behind a blocked job of its lane is skipped", "[job_runner]") {
  auto gate = std::make_shared<Gate>();
  auto other = std::make_shared<std::atomic<bool>>(false);
  JobRunner runner{{.stall = 1h}};
  const auto outcomes = runner.run({{"hung", "one", [gate] { gate->wait(); }},
                                    {"behind", "one", [] {}},
                                    {"elsewhere", "two", [other] { *other = true; }}},
                                   Clock::now() + 200ms);
  CHECK(outcomes == std::vector{JobOutcome::overran, JobOutcome::skipped, JobOutcome::done});
  CHECK(*other);
  gate->open();
}

TEST_CASE("many callers at once get their own outcomes", "[job_runner]") {
  JobRunner runner;
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 16; ++caller) {
    callers.emplace_back([&runner, &done, caller] {
      for (int round = 0; round < 50; ++round) {
        const auto key = std::to_string(caller);
        const auto outcomes =
            runner.run({{key, "x", [&done] { ++done; }}, {key + "b", "y", [&done] { ++done; }}}, far());
        if (outcomes != std::vector(2, JobOutcome::done)) done = -100'000;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(done == 16 * 50 * 2);
}

TEST_CASE("a runner goes away while a job of its is still blocked", "[job_runner]") {
  auto gate = std::make_shared<Gate>();
  auto returned = std::make_shared<std::atomic<bool>>(false);
  {
    JobRunner runner{{.stall = 1ms}};
    const auto outcomes = runner.run({{"hung", "",
                                       [gate, returned] {
                                         gate->wait();
                                         *returned = true;
                                       }}},
                                     Clock::now() + 20ms);
    CHECK(outcomes == std::vector{JobOutcome::overran});
  }
  gate->open();
  eventually([&] { return returned->load(); });
}
