// SPDX-License-Identifier: Apache-2.0
#include "model_gate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

using Entry = ModelGate::Entry;

constexpr Clock::time_point kStart{1000s};

ModelGate::Settings slots(std::size_t concurrency, std::size_t queue = 100) {
  return {.concurrency = concurrency, .queue_length = queue, .queue_wait = 30s};
}

/// Places by name, and who was admitted from the queue in which order.
struct Crowd {
  explicit Crowd(ModelGate::Settings settings) : gate(settings) {}
  ModelGate gate;
  std::deque<ModelGate::Place> places{10};
  std::string admitted;

  Entry enter(std::size_t who) {
    return gate.enter(
        places[who], [this, who] { admitted += std::to_string(who); }, kStart);
  }
  void leave(std::size_t who) { places[who].leave(kStart); }
};

}  // namespace

TEST_CASE("without a limit all are let in", "[model_gate]") {
  Crowd crowd{slots(0)};
  for (std::size_t who = 0; who < 10; ++who) CHECK(crowd.enter(who) == Entry::admitted);
  CHECK(crowd.gate.in_flight() == 10);
  CHECK(crowd.gate.retry_after(kStart) == 1s);
  for (std::size_t who = 0; who < 10; ++who) crowd.leave(who);
  CHECK(crowd.gate.in_flight() == 0);
  CHECK(crowd.admitted.empty());  // only those who waited are told
}

TEST_CASE("those who wait are let in as they came", "[model_gate]") {
  Crowd crowd{slots(2, 3)};
  CHECK(crowd.enter(0) == Entry::admitted);
  CHECK(crowd.enter(1) == Entry::admitted);
  CHECK(crowd.enter(2) == Entry::queued);
  CHECK(crowd.enter(3) == Entry::queued);
  CHECK(crowd.enter(4) == Entry::queued);
  CHECK(crowd.enter(5) == Entry::full);
  CHECK_FALSE(crowd.places[5].admitted());
  CHECK(crowd.gate.in_flight() == 2);
  CHECK(crowd.gate.queued() == 3);
  crowd.leave(1);
  CHECK(crowd.admitted == "2");
  CHECK(crowd.places[2].admitted());
  crowd.leave(0);
  crowd.leave(2);
  CHECK(crowd.admitted == "234");
  CHECK(crowd.gate.queued() == 0);
  CHECK(crowd.gate.in_flight() == 2);
}

TEST_CASE("who leaves the queue changes nothing for the others", "[model_gate]") {
  Crowd crowd{slots(1)};
  for (std::size_t who = 0; who < 5; ++who) crowd.enter(who);
  crowd.leave(1);
  crowd.leave(3);
  crowd.leave(3);
  CHECK(crowd.gate.queued() == 2);
  CHECK(crowd.gate.in_flight() == 1);
  crowd.leave(0);
  crowd.leave(2);
  crowd.leave(4);
  CHECK(crowd.admitted == "24");
  CHECK(crowd.gate.in_flight() == 0);
}

TEST_CASE("a queue of no length", "[model_gate]") {
  Crowd crowd{slots(1, 0)};
  CHECK(crowd.enter(0) == Entry::admitted);
  CHECK(crowd.enter(1) == Entry::full);
  crowd.leave(0);
  CHECK(crowd.enter(1) == Entry::admitted);
}

TEST_CASE("a place leaves when it goes, and when it enters again", "[model_gate]") {
  ModelGate gate{slots(1)};
  ModelGate::Place other;
  bool admitted = false;
  {
    ModelGate::Place place;
    CHECK(gate.enter(place, {}, kStart) == Entry::admitted);
    CHECK(gate.enter(place, {}, kStart) == Entry::admitted);
    CHECK(gate.in_flight() == 1);
    CHECK(gate.enter(
              other, [&] { admitted = true; }, kStart) == Entry::queued);
    ModelGate::Place third;
    CHECK(gate.enter(third, {}, kStart) == Entry::queued);
    CHECK_FALSE(admitted);
  }
  CHECK(admitted);
  CHECK(gate.in_flight() == 1);
  CHECK(gate.queued() == 0);
}

TEST_CASE("other settings hold at once", "[model_gate]") {
  Crowd crowd{slots(1, 5)};
  for (std::size_t who = 0; who < 6; ++who) crowd.enter(who);
  crowd.gate.settings(slots(3, 1), kStart);
  CHECK(crowd.admitted == "12");
  CHECK(crowd.gate.settings() == slots(3, 1));
  CHECK(crowd.gate.queued() == 3);  // those who wait stay
  CHECK(crowd.enter(6) == Entry::full);
  crowd.gate.settings(slots(1, 5), kStart);
  crowd.leave(0);
  crowd.leave(1);
  CHECK(crowd.admitted == "12");
  CHECK(crowd.gate.in_flight() == 1);
  crowd.leave(2);
  CHECK(crowd.admitted == "123");
  crowd.gate.settings(slots(0), kStart);
  CHECK(crowd.admitted == "12345");
}

TEST_CASE("a callback may leave, enter again and destroy places", "[model_gate]") {
  ModelGate gate{slots(1)};
  std::vector<std::unique_ptr<ModelGate::Place>> places(6);
  for (auto& place : places) place = std::make_unique<ModelGate::Place>();
  std::string told;
  gate.enter(*places[0], {}, kStart);
  gate.enter(
      *places[1],
      [&] {
        told += '1';
        places[1]->leave(kStart);
      },
      kStart);  // at once, the next one's turn
  gate.enter(
      *places[2],
      [&] {
        told += '2';
        places[3].reset();
        places[2].reset();
      },
      kStart);  // itself and the next one
  gate.enter(
      *places[3], [&] { told += '3'; }, kStart);
  gate.enter(
      *places[4],
      [&] {
        told += '4';
        CHECK(gate.enter(
                  *places[1], [&] { told += 'a'; }, kStart) == Entry::queued);
        gate.settings(slots(2), kStart);
      },
      kStart);
  gate.enter(
      *places[5], [&] { told += '5'; }, kStart);
  places[0]->leave(kStart);
  CHECK(told == "1245");
  CHECK(gate.in_flight() == 2);
  CHECK(gate.queued() == 1);
  places[4]->leave(kStart);
  CHECK(told == "1245a");
}

TEST_CASE("who enters from a callback does not pass those who wait", "[model_gate]") {
  ModelGate gate{slots(1)};
  std::deque<ModelGate::Place> places(4);
  std::string told;
  gate.enter(places[0], {}, kStart);
  gate.enter(
      places[1],
      [&] {
        places[1].leave(kStart);  // there is room now, but it is 2's
        CHECK(gate.enter(
                  places[3], [&] { told += '3'; }, kStart) == Entry::queued);
      },
      kStart);
  gate.enter(
      places[2], [&] { told += '2'; }, kStart);
  places[0].leave(kStart);
  CHECK(told == "2");
  places[2].leave(kStart);
  CHECK(told == "23");
}

TEST_CASE("a long queue of callbacks that leave at once needs no stack", "[model_gate]") {
  constexpr std::size_t kMany = 200'000;
  ModelGate gate{slots(1, kMany)};
  ModelGate::Place first;
  std::deque<ModelGate::Place> places(kMany);
  std::size_t told = 0;
  gate.enter(first, {}, kStart);
  for (auto& place : places) {
    gate.enter(
        place,
        [&] {
          ++told;
          place.leave(kStart);
        },
        kStart);
  }
  first.leave(kStart);
  CHECK(told == kMany);
  CHECK(gate.in_flight() == 0);
}

TEST_CASE("when to come again", "[model_gate]") {
  ModelGate gate{slots(2, 100)};
  std::deque<ModelGate::Place> places(40);
  CHECK(gate.retry_after(kStart) == 1s);  // there is room
  gate.enter(places[0], {}, kStart);
  gate.enter(places[1], {}, kStart);
  CHECK(gate.retry_after(kStart) == 1s);         // nothing is known yet
  CHECK(gate.retry_after(kStart + 10s) == 10s);  // nothing has moved for so long
  CHECK(gate.retry_after(kStart + 1h) == 60s);
  for (std::size_t who = 2; who < 10; ++who)
    gate.enter(
        places[who], [] {}, kStart);
  places[0].leave(kStart + 4s);
  places[1].leave(kStart + 4s);
  // A slot is held for 4 s, and 6 wait for two of them: one that comes now is the 7th.
  CHECK(gate.queued() == 6);
  CHECK(gate.retry_after(kStart + 4s) == 14s);
  for (std::size_t who = 10; who < 40; ++who)
    gate.enter(
        places[who], [] {}, kStart + 4s);
  CHECK(gate.retry_after(kStart + 4s) == 60s);
}

TEST_CASE("an idle time does not count when to come again", "[model_gate]") {
  ModelGate gate{slots(1, 10)};
  ModelGate::Place one;
  ModelGate::Place other;
  gate.enter(one, {}, kStart);
  one.leave(kStart + 3s);
  const auto later = kStart + 100h;
  CHECK(gate.retry_after(later) == 1s);
  gate.enter(one, {}, later);
  gate.enter(other, {}, later);
  CHECK(gate.retry_after(later) == 6s);
}

TEST_CASE("when to come again follows a change of speed", "[model_gate]") {
  ModelGate gate{slots(1, 0)};
  ModelGate::Place place;
  auto now = kStart;
  const auto work = [&](std::chrono::seconds time) {
    gate.enter(place, {}, now);
    now += time;
    place.leave(now);
  };
  const auto seconds = [&] {
    gate.enter(place, {}, now);
    const auto found = gate.retry_after(now);
    place.leave(now);
    return found;
  };
  for (int i = 0; i < 50; ++i) work(2s);
  CHECK(seconds() == 2s);
  for (int i = 0; i < 50; ++i) work(20s);
  CHECK(seconds() >= 18s);
}

TEST_CASE("random crowds are served in order, and no more than there are slots", "[model_gate]") {
  std::mt19937 random{11};
  const auto upto = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>{0, most}(random); };
  for (int round = 0; round < 200; ++round) {
    constexpr std::size_t kPlaces = 40;
    ModelGate gate{slots(1 + upto(5), upto(30))};
    std::vector<std::unique_ptr<ModelGate::Place>> places(kPlaces);
    std::deque<std::size_t> expected;  // those who wait, in order
    std::vector<bool> in(kPlaces);
    std::size_t calls = 0;
    bool over = false;
    std::size_t most = 0;  // slots there were within a step
    std::function<void(std::size_t)> act;
    const auto leave = [&](std::size_t who) {
      if (!places[who]) return;
      std::erase(expected, who);
      in[who] = false;
      auto gone = std::move(places[who]);
      gone.reset();
    };
    const auto enter = [&](std::size_t who) {
      if (places[who]) return;
      places[who] = std::make_unique<ModelGate::Place>();
      // The model first: a callback must find it as it will be.
      const bool room = expected.empty() && (gate.in_flight() < gate.settings().concurrency);
      const auto entry = gate.enter(
          *places[who],
          [&, who] {
            REQUIRE_FALSE(expected.empty());
            REQUIRE(expected.front() == who);
            expected.pop_front();
            in[who] = true;
            if (++calls % 3 == 0 && !over) act(upto(kPlaces - 1));
          },
          kStart);
      REQUIRE((entry == Entry::admitted) == room);
      if (entry == Entry::admitted) in[who] = true;
      if (entry == Entry::queued) expected.push_back(who);
      if (entry == Entry::full) {
        REQUIRE(expected.size() >= gate.settings().queue_length);
        places[who].reset();
      }
    };
    act = [&](std::size_t who) {
      switch (upto(9)) {
        case 0: {
          const auto other = slots(1 + upto(5), upto(30));
          most = std::max(most, other.concurrency);
          gate.settings(other, kStart);
          break;
        }
        case 1:
        case 2:
        case 3:
          leave(who);
          break;
        default:
          enter(who);
      }
    };
    for (int step = 0; step < 500; ++step) {
      const auto before = gate.in_flight();
      most = gate.settings().concurrency;
      act(upto(kPlaces - 1));
      REQUIRE(gate.queued() == expected.size());
      REQUIRE(gate.in_flight() == static_cast<std::size_t>(std::count(in.begin(), in.end(), true)));
      REQUIRE(gate.in_flight() <= std::max(before, most));
      if (!expected.empty()) REQUIRE(gate.in_flight() >= gate.settings().concurrency);
    }
    over = true;
    for (std::size_t who = 0; who < kPlaces; ++who) leave(who);
    REQUIRE(gate.in_flight() + gate.queued() == 0);
  }
}
