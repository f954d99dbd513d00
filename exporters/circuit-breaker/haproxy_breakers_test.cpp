// SPDX-License-Identifier: Apache-2.0
#include "haproxy_breakers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace binnacle::breaker;
using binnacle::BreakerState;
using binnacle::CallResult;
using Seconds = std::chrono::duration<double>;

namespace {

HaproxyServer server(const std::string& status, std::uint64_t chkdown = 0) {
  HaproxyServer made;
  made.id = {"shop", "web1"};
  made.status = status;
  made.check_rise = 3;
  made.chkfail = 10 * chkdown;
  made.chkdown = chkdown;
  made.lastchg = 0;
  made.downtime = 0;
  made.stot = 100;
  return made;
}

HaproxyServer timed(HaproxyServer made, std::uint64_t lastchg, std::uint64_t downtime) {
  made.lastchg = lastchg;
  made.downtime = downtime;
  return made;
}

Reading read(const HaproxyServer& before, const HaproxyServer& now, double elapsed = 15) {
  const auto old = by_id({before});
  return read_haproxy(&old, by_id({now}), Seconds{elapsed});
}

/// "open half_open closed", of the only breaker.
std::string states(const Reading& reading) {
  REQUIRE(reading.breakers.size() == 1);
  std::string text;
  for (const auto& step : reading.breakers[0].path) {
    text += (text.empty() ? "" : " ") + std::string{name_of(step.state)};
  }
  return text;
}

std::string path(const HaproxyServer& before, const HaproxyServer& now) {
  const auto reading = read(before, now);
  CHECK(reading.gaps == 0);
  return states(reading);
}

/// How long ago each step was; -1: not told.
std::vector<double> times(const Reading& reading) {
  std::vector<double> found;
  for (const auto& step : reading.breakers.at(0).path) found.push_back(step.ago ? step.ago->count() : -1);
  return found;
}

void check_sound(const Reading& reading, double elapsed) {
  double last = elapsed;
  for (const auto ago : times(reading)) {
    if (ago < 0) continue;
    CHECK(ago <= last);
    last = ago;
  }
}

}  // namespace

TEST_CASE("HAProxy's words for states", "[haproxy_breakers]") {
  const auto state = [](const char* status) { return haproxy_state(server(status)); };
  CHECK(state("UP") == BreakerState::closed);
  CHECK(state("UP 1/3") == BreakerState::closed);
  CHECK(state("no check") == BreakerState::closed);
  CHECK(state("DOWN") == BreakerState::open);
  CHECK(state("DOWN (agent)") == BreakerState::open);
  CHECK(state("MAINT (resolution)") == BreakerState::open);
  CHECK(state("DOWN 1/3") == BreakerState::half_open);
  CHECK(state("DOWN 3/2") == BreakerState::half_open);
  CHECK(state("MAINT") == BreakerState::forced_open);
  CHECK(state("MAINT (via shop/web2)") == BreakerState::forced_open);
  CHECK(state("DRAIN") == BreakerState::forced_open);
  CHECK(state("DRAIN 1/2") == BreakerState::forced_open);
  CHECK(state("DRAIN (agent)") == BreakerState::forced_open);
  CHECK(state("NOLB 1/3") == BreakerState::forced_open);
  CHECK(state("") == BreakerState::unknown);
  CHECK(state("up") == BreakerState::unknown);
}

TEST_CASE("which servers are breakers", "[haproxy_breakers]") {
  HaproxyServer plain;
  plain.status = "no check";
  CHECK_FALSE(is_haproxy_breaker(plain));
  plain.status = "MAINT";
  CHECK_FALSE(is_haproxy_breaker(plain));
  auto checked = plain;
  checked.chkdown = 0;  // its check's status is empty in MAINT
  CHECK(is_haproxy_breaker(checked));
  auto with_agent = plain;
  with_agent.agent_status = "L7OK";
  CHECK(is_haproxy_breaker(with_agent));
  auto tracking = plain;
  tracking.tracked = "shop/web2";
  CHECK(is_haproxy_breaker(tracking));
  CHECK(read_haproxy(nullptr, by_id({plain}), Seconds{0}).breakers.empty());
}

TEST_CASE("the first sight of a server", "[haproxy_breakers]") {
  const auto first = [](const HaproxyServer& now) {
    auto reading = read_haproxy(nullptr, by_id({now}), Seconds{0});
    CHECK(reading.gaps == 0);
    return reading;
  };
  const auto up = first(timed(server("UP", 7), 3600, 20));
  CHECK(states(up) == "closed");
  CHECK(times(up) == std::vector<double>{3600});
  CHECK(up.breakers[0].id == BreakerId{"shop", "web1"});
  CHECK(states(first(server("DOWN", 1))) == "open");
  // lastchg tells since when it is down.
  const auto half_open = first(timed(server("DOWN 2/3", 1), 30, 30));
  CHECK(states(half_open) == "half_open");
  CHECK(times(half_open) == std::vector<double>{-1});
  const auto before = by_id({});
  CHECK(states(read_haproxy(&before, by_id({server("UP", 7)}), Seconds{1})) == "closed");
}

TEST_CASE("from every state to every other, with 0, 1 and 2 openings", "[haproxy_breakers]") {
  struct Case {
    const char* before;
    const char* now;
    const char* none;
    const char* one;
    const char* two;
  };
  const std::vector<Case> cases{
      {"UP", "UP", "closed", "open half_open closed", "open half_open closed open half_open closed"},
      {"UP", "DOWN", "open", "open", "open half_open closed open"},
      {"UP", "DOWN 1/3", "open half_open", "open half_open", "open half_open closed open half_open"},
      {"DOWN", "UP", "half_open closed", "half_open closed open half_open closed",
       "half_open closed open half_open closed open half_open closed"},
      {"DOWN", "DOWN", "open", "half_open closed open", "half_open closed open half_open closed open"},
      {"DOWN", "DOWN 1/3", "half_open", "half_open closed open half_open",
       "half_open closed open half_open closed open half_open"},
      // What is the same as the state before counts for nothing.
      {"DOWN 1/3", "UP", "half_open closed", "half_open closed open half_open closed",
       "half_open closed open half_open closed open half_open closed"},
      {"DOWN 1/3", "DOWN", "open", "half_open closed open", "half_open closed open half_open closed open"},
      {"DOWN 1/3", "DOWN 2/3", "half_open", "half_open closed open half_open",
       "half_open closed open half_open closed open half_open"},
  };
  for (const auto& one : cases) {
    INFO(one.before << " to " << one.now);
    CHECK(path(server(one.before), server(one.now)) == one.none);
    CHECK(path(server(one.before, 4), server(one.now, 5)) == one.one);
    CHECK(path(server(one.before, 4), server(one.now, 6)) == one.two);
  }
}

TEST_CASE("where one check brings a server back, it is never half-open", "[haproxy_breakers]") {
  const auto quick = [](HaproxyServer made) {
    made.check_rise = 1;
    return made;
  };
  CHECK(path(quick(server("UP")), quick(server("UP", 2))) == "open closed open closed");
  CHECK(path(quick(server("DOWN", 1)), quick(server("UP", 1))) == "closed");
}

TEST_CASE("by an operator's hand", "[haproxy_breakers]") {
  CHECK(path(server("UP"), server("DRAIN")) == "forced_open");
  CHECK(path(server("DRAIN"), server("UP")) == "closed");
  CHECK(path(server("UP"), server("NOLB 1/2")) == "forced_open");
  CHECK(path(server("DOWN", 1), server("MAINT", 1)) == "forced_open");
  CHECK(path(server("MAINT", 1), server("UP", 1)) == "closed");
  CHECK(path(server("MAINT", 1), server("DRAIN", 1)) == "forced_open");
  // chkdown counts the way into MAINT too.
  CHECK(path(server("UP"), server("MAINT", 1)) == "forced_open");
  CHECK(path(server("UP"), server("MAINT", 2)) == "open half_open closed forced_open");
  // A server that comes out of MAINT is up until checks fail; one in DRAIN goes down directly.
  CHECK(path(server("MAINT", 1), server("DOWN", 2)) == "closed open");
  CHECK(path(server("DRAIN", 1), server("DOWN", 2)) == "open");
  CHECK(path(server("MAINT", 1), server("MAINT", 2)) == "closed forced_open");
}

TEST_CASE("a way down without a failed check was an operator's", "[haproxy_breakers]") {
  auto now = server("UP", 1);
  now.chkfail = 0;
  CHECK(path(server("UP"), now) == "forced_open closed");
  // But an agent may have done so.
  now.agent_status = "L7OK";
  CHECK(path(server("UP"), now) == "open half_open closed");
  now.status = "DOWN";
  now.agent_status.clear();
  CHECK(path(server("UP"), now) == "open");
}

TEST_CASE("agents and addresses bring a server back at once", "[haproxy_breakers]") {
  CHECK(path(server("DOWN (agent)", 1), server("UP", 1)) == "closed");
  CHECK(path(server("UP"), server("MAINT (resolution)", 1)) == "open");
  CHECK(path(server("MAINT (resolution)", 1), server("UP", 1)) == "closed");
  CHECK(path(server("MAINT (resolution)", 1), server("MAINT", 1)) == "forced_open");
}

TEST_CASE("words that nobody knows", "[haproxy_breakers]") {
  CHECK(path(server("UP"), server("SULKING", 3)) == "unknown");
  CHECK(path(server("SULKING"), server("UP", 3)) == "closed");
}

TEST_CASE("when what was missed happened", "[haproxy_breakers]") {
  // It opened 6 s ago, and closed 4 s ago: when it was half-open nobody saw.
  const auto cycle = read(timed(server("UP", 1), 100, 5), timed(server("UP", 2), 4, 7));
  CHECK(times(cycle) == std::vector<double>{6, 4, 4});
  const auto opened = read(timed(server("UP", 1), 100, 5), timed(server("DOWN", 2), 4, 9));
  CHECK(times(opened) == std::vector<double>{4});
  const auto half_open = read(timed(server("UP", 1), 100, 5), timed(server("DOWN 1/3", 2), 4, 9));
  CHECK(times(half_open) == std::vector<double>{4, -1});
  const auto closed = read(timed(server("DOWN", 1), 100, 100), timed(server("UP", 1), 4, 111));
  CHECK(times(closed) == std::vector<double>{4, 4});
  // Twice, of 15 s: 4 s down in all, 3 s up at the end, and 4 s up before each.
  const auto twice = read(timed(server("UP", 1), 100, 5), timed(server("UP", 3), 3, 9));
  CHECK(times(twice) == std::vector<double>{11, 9, 9, 5, 3, 3});
  const auto down_up_down = read(timed(server("DOWN", 1), 100, 100), timed(server("DOWN", 2), 2, 109));
  CHECK(times(down_up_down) == std::vector<double>{8, 8, 2});
}

TEST_CASE("times stay between the two polls, whatever HAProxy says", "[haproxy_breakers]") {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  for (const double elapsed : {0.0, 0.5, 15.0}) {
    for (const std::uint64_t lastchg : {std::uint64_t{0}, std::uint64_t{1}, kMost}) {
      for (const std::uint64_t downtime : {std::uint64_t{0}, std::uint64_t{7}, kMost}) {
        for (const auto* status : {"UP", "DOWN", "DOWN 1/3", "MAINT"}) {
          check_sound(read(timed(server("UP"), 9, 7), timed(server(status, 2), lastchg, downtime), elapsed), elapsed);
        }
      }
    }
  }
  check_sound(read(server("UP"), server("UP", 1), -1), 0);
  HaproxyServer bare = server("UP", 1);
  bare.lastchg.reset();
  bare.downtime.reset();
  const auto reading = read(server("UP"), bare, 10);
  CHECK(states(reading) == "open half_open closed");
  CHECK(times(reading) == std::vector<double>{0, 0, 0});
}

TEST_CASE("a restart is a gap, and no transition is made up", "[haproxy_breakers]") {
  const auto restarted = [](const HaproxyServer& before, const HaproxyServer& now) {
    const auto reading = read(before, now);
    CHECK(reading.gaps == 1);
    return states(reading);
  };
  CHECK(restarted(server("UP", 5), server("UP", 1)) == "closed");
  CHECK(restarted(server("DOWN", 5), server("UP", 1)) == "closed");
  CHECK(restarted(server("UP", 5), server("DOWN 1/3", 1)) == "half_open");
  auto served = server("UP");
  served.stot = 3;
  CHECK(restarted(server("UP"), served) == "closed");
  for (const auto counter : {&HaproxyServer::chkfail, &HaproxyServer::econ, &HaproxyServer::eresp,
                             &HaproxyServer::wredis, &HaproxyServer::hrsp_5xx, &HaproxyServer::good_answers}) {
    auto before = server("UP");
    before.*counter = 4;
    auto now = server("UP", 1);
    now.*counter = 3;
    CHECK(restarted(before, now) == "closed");
  }
  // One reply is one gap.
  auto other = server("UP", 5);
  other.id.instance = "web2";
  auto other_now = server("UP", 1);
  other_now.id.instance = "web2";
  const auto before = by_id({server("UP", 5), other});
  CHECK(read_haproxy(&before, by_id({server("UP", 1), other_now}), Seconds{1}).gaps == 1);
}

TEST_CASE("a change that no counter tells of is a gap", "[haproxy_breakers]") {
  const auto gaps = [](const HaproxyServer& before, const HaproxyServer& now) { return read(before, now).gaps; };
  CHECK(gaps(timed(server("UP"), 100, 0), timed(server("UP"), 115, 0)) == 0);
  CHECK(gaps(timed(server("UP"), 100, 0), timed(server("UP"), 99, 0)) == 0);  // seconds are whole
  CHECK(gaps(timed(server("UP"), 100, 0), timed(server("UP"), 3, 0)) == 1);   // DRAIN and back
  CHECK(gaps(timed(server("UP 2/3"), 100, 0), timed(server("UP"), 3, 0)) == 1);
  CHECK(gaps(timed(server("DOWN", 1), 100, 0), timed(server("DOWN 1/3", 1), 3, 0)) == 1);
  CHECK(gaps(timed(server("UP"), 100, 0), timed(server("UP", 1), 3, 0)) == 0);  // counted
  CHECK(gaps(timed(server("UP"), 100, 0), timed(server("DRAIN"), 3, 0)) == 0);  // seen
  auto slow = timed(server("UP"), 30, 0);
  slow.starts_slowly = true;
  CHECK(gaps(slow, timed(server("UP"), 3, 0)) == 0);
}

TEST_CASE("more openings than can be are a gap", "[haproxy_breakers]") {
  CHECK(read(server("UP"), server("UP", 100)).breakers[0].path.size() == 300);
  const auto reading = read(server("UP"), server("DOWN", 101));
  CHECK(states(reading) == "open");
  CHECK(reading.gaps == 1);
  CHECK(read(server("UP"), server("UP", std::numeric_limits<std::uint64_t>::max())).gaps == 1);
}

TEST_CASE("calls", "[haproxy_breakers]") {
  const auto calls = [](const HaproxyServer& now) {
    return read_haproxy(nullptr, by_id({now}), Seconds{0}).breakers[0].calls_total;
  };
  auto http = server("UP");
  http.good_answers = 1000;
  http.hrsp_5xx = 40;
  http.econ = 3;
  http.eresp = 200;
  http.wredis = 7000;
  auto found = calls(http);
  CHECK(found[index_of(CallResult::success)] == 1000);
  CHECK(found[index_of(CallResult::failure)] == 7243);
  for (const auto other : {CallResult::timeout, CallResult::slow, CallResult::ignored, CallResult::rejected}) {
    CHECK_FALSE(found[index_of(other)]);
  }
  auto tcp = server("UP");
  tcp.econ = 3;
  tcp.eresp = 20;
  found = calls(tcp);
  CHECK_FALSE(found[index_of(CallResult::success)]);
  CHECK(found[index_of(CallResult::failure)] == 23);
  CHECK_FALSE(calls(server("UP"))[index_of(CallResult::failure)]);
}

TEST_CASE("a server that is named twice is the first", "[haproxy_breakers]") {
  CHECK(states(read_haproxy(nullptr, by_id({server("DOWN"), server("UP")}), Seconds{0})) == "open");
}
