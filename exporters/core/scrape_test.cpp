// SPDX-License-Identifier: Apache-2.0
#include "scrape.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <thread>

using namespace std::chrono_literals;
using binnacle::Clock;
using binnacle::Collector;
using binnacle::CollectorState;
using binnacle::Output;
using binnacle::ScrapeContext;
using binnacle::ScrapeRunner;
using binnacle::Target;

namespace {

class Lambda final : public Collector {
 public:
  explicit Lambda(std::function<void(Output&)> work) : work_(std::move(work)) {}
  void collect(const ScrapeContext& /*scrape*/, Output& out) override { work_(out); }

 private:
  std::function<void(Output&)> work_;
};

using Entries = std::vector<std::pair<std::string, std::function<void(Output&)>>>;

std::shared_ptr<Target> target(const Entries& entries, const std::string& name = "") {
  auto made = std::make_shared<Target>();
  made->name = name;
  for (const auto& [collector, work] : entries) made->collectors.push_back({collector, std::make_shared<Lambda>(work)});
  return made;
}

ScrapeRunner::Request request(std::vector<std::shared_ptr<Target>> targets, Clock::duration timeout = 60s) {
  return {std::move(targets), [](const std::string&) { return true; }, Clock::now() + timeout};
}

template <typename Condition>
void eventually(Condition condition) {
  const auto limit = Clock::now() + 30s;
  while (!condition() && Clock::now() < limit) std::this_thread::sleep_for(1ms);
  REQUIRE(condition());
}

}  // namespace

TEST_CASE("each collector's end is its own", "[scrape]") {
  ScrapeRunner runner;
  const auto results = runner.scrape(request({target({
      {"good", [](Output& out) { out.families.gauge("g", "G.").add(1); }},
      {"absent", [](Output&) { throw binnacle::NotApplicable("no such thing here"); }},
      {"bad", [](Output&) { throw std::runtime_error("it broke"); }},
      {"odd", [](Output&) { throw 42; }},
  })}));
  REQUIRE(results->size() == 4);
  CHECK(results->at(0).state == CollectorState::ok);
  CHECK(results->at(0).output->families.series() == 1);
  CHECK(results->at(1).state == CollectorState::not_applicable);
  CHECK(results->at(1).message == "no such thing here");
  CHECK(results->at(2).state == CollectorState::failed);
  CHECK(results->at(2).message == "it broke");
  CHECK(results->at(2).output == nullptr);
  CHECK(results->at(3).state == CollectorState::failed);
}

TEST_CASE("a hung collector is timed out once, then reported at once, until it comes back", "[scrape]") {
  auto release = std::make_shared<std::latch>(1);
  auto block = std::make_shared<std::atomic<bool>>(true);
  auto calls = std::make_shared<std::atomic<int>>(0);
  ScrapeRunner runner{{.stall = 5ms}};
  const auto host = target({{"hung",
                             [=](Output&) {
                               ++*calls;
                               if (*block) release->wait();
                             }},
                            {"fine", [](Output& out) { out.families.gauge("g", "G.").add(1); }}});

  auto results = runner.scrape(request({host}, 200ms));
  CHECK(results->at(0).state == CollectorState::timeout);
  CHECK(results->at(0).duration.count() > 0);
  CHECK(results->at(1).state == CollectorState::ok);

  results = runner.scrape(request({host}));
  CHECK(results->at(0).state == CollectorState::timeout);
  CHECK(results->at(1).state == CollectorState::ok);
  CHECK(*calls == 1);
  CHECK(runner.running() == 1);

  *block = false;
  release->count_down();
  eventually([&] { return runner.running() == 0; });
  results = runner.scrape(request({host}));
  CHECK(results->at(0).state == CollectorState::ok);
  CHECK(*calls == 2);
}

TEST_CASE("scrapes at the same time share one run", "[scrape]") {
  constexpr int kScrapers = 20;
  std::latch all_there{kScrapers};
  std::atomic<int> calls = 0;
  std::atomic<int> most = 0;
  std::atomic<int> inside = 0;
  ScrapeRunner runner;
  const auto host = target({{"slow", [&](Output& out) {
                               most = std::max<int>(most, ++inside);
                               ++calls;
                               std::this_thread::sleep_for(20ms);
                               --inside;
                               out.families.gauge("g", "G.").add(1);
                             }}});
  std::atomic<int> good = 0;
  std::vector<std::thread> scrapers;
  for (int i = 0; i < kScrapers; ++i) {
    scrapers.emplace_back([&] {
      all_there.arrive_and_wait();
      const auto results = runner.scrape(request({host}));
      if (results->at(0).state == CollectorState::ok) ++good;
    });
  }
  for (auto& scraper : scrapers) scraper.join();
  CHECK(good == kScrapers);
  CHECK(most == 1);
  CHECK(calls < kScrapers);
}

TEST_CASE("a follower with less time gets what is there", "[scrape]") {
  std::latch started{1};
  std::latch release{1};
  ScrapeRunner runner{{.stall = 5ms}};
  const auto host = target({{"slow", [&](Output&) {
                               started.count_down();
                               release.wait();
                             }}});
  std::shared_ptr<const binnacle::ScrapeResult> leader_results;
  std::thread leader{[&] { leader_results = runner.scrape(request({host})); }};
  started.wait();
  CHECK(runner.scrape(request({host}, 20ms))->at(0).state == CollectorState::timeout);
  release.count_down();
  leader.join();
  CHECK(leader_results->at(0).state == CollectorState::ok);
}

TEST_CASE("a filtered scrape waits for a run that has its collector", "[scrape]") {
  std::latch started{1};
  std::latch release{1};
  std::atomic<int> calls = 0;
  ScrapeRunner runner;
  const auto host = target({{"a",
                             [&](Output&) {
                               if (++calls == 1) {
                                 started.count_down();
                                 release.wait();
                               }
                             }},
                            {"b", [](Output&) {}}});
  std::thread whole{[&] { runner.scrape(request({host})); }};
  started.wait();
  auto only_a = request({host});
  only_a.wants = [](const std::string& name) { return name == "a"; };

  auto impatient = only_a;
  impatient.deadline = Clock::now() + 10ms;
  CHECK(runner.scrape(impatient)->at(0).state == CollectorState::timeout);

  release.count_down();
  const auto results = runner.scrape(only_a);
  CHECK(results->size() == 1);
  CHECK(results->at(0).state == CollectorState::ok);
  whole.join();
  CHECK(calls == 2);
}

TEST_CASE("targets run side by side under their own names", "[scrape]") {
  std::latch both{2};
  const auto meet = [&](Output&) { both.arrive_and_wait(); };
  ScrapeRunner runner;
  const auto results = runner.scrape(request({target({{"x", meet}}, "one"), target({{"x", meet}}, "two")}));
  CHECK(results->at(0).state == CollectorState::ok);
  CHECK(results->at(0).target == "one");
  CHECK(results->at(1).state == CollectorState::ok);
  CHECK(results->at(1).target == "two");
}
