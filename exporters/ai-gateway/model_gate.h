// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>

namespace binnacle::gateway {

using Clock = std::chrono::steady_clock;

/// Lets so many requests of a model through at a time; the others wait in the order in which they came. How long one
/// waits at most (queue_wait) is the caller's to watch. For one thread.
class ModelGate {
 public:
  struct Settings {
    std::size_t concurrency = 0;  ///< 0: no limit
    std::size_t queue_length = 100;
    std::chrono::milliseconds queue_wait{30'000};
    bool operator==(const Settings&) const = default;
  };
  explicit ModelGate(Settings settings) : settings_(settings) {}

  /// One request's place. Leaves the queue, or gives its slot back, when it goes. Lives no longer than its gate.
  class Place;
  enum class Entry : std::uint8_t {
    admitted,
    queued,  ///< `admitted` is called from a later leave() or settings(), never from within enter()
    full,
  };
  /// `admitted` must not throw. It may do with this gate and its places whatever it likes but destroy the gate. A place
  /// that is still in use leaves first.
  Entry enter(Place& place, std::function<void()> admitted, Clock::time_point now);

  /// New settings: more slots admit those who wait first; fewer let those who are in finish, and a shorter queue lets
  /// those who wait stay.
  void settings(Settings settings, Clock::time_point now);
  [[nodiscard]] const Settings& settings() const { return settings_; }

  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t queued() const { return waiting_.size(); }
  /// When a request that comes now may hope for a slot: 1 to 60 s. By how long slots were held lately, so that time in
  /// which nothing was asked for does not count; or as long as nothing has moved in a full gate, if that is longer.
  [[nodiscard]] std::chrono::seconds retry_after(Clock::time_point now) const;

 private:
  [[nodiscard]] bool has_room() const { return settings_.concurrency == 0 || in_flight_ < settings_.concurrency; }
  void let_in(Place& place, Clock::time_point now);
  void admit(Clock::time_point now);
  void released(std::chrono::duration<double> held, Clock::time_point now);

  Settings settings_;
  std::size_t in_flight_ = 0;
  std::list<Place*> waiting_;
  bool admitting_ = false;
  std::optional<double> held_seconds_;  // by one request, moving over the last ones
  Clock::time_point last_move_;         // when a slot was taken or given back
};

class ModelGate::Place {
 public:
  Place() = default;
  ~Place() { leave(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// Gives back the slot, or the place in the queue. Harmless when there is none.
  void leave(Clock::time_point now = Clock::now());
  [[nodiscard]] bool admitted() const { return admitted_; }

 private:
  friend class ModelGate;
  ModelGate* gate_ = nullptr;
  bool admitted_ = false;
  Clock::time_point since_;  // admitted
  std::function<void()> on_admitted_;
  std::list<Place*>::iterator at_;
};

}  // namespace binnacle::gateway
