// SPDX-License-Identifier: Apache-2.0
#include "haproxy_breakers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace binnacle::breaker {

namespace {

using Seconds = std::chrono::duration<double>;

/// A path never has more openings: nobody opens so often between two polls, and garbage shall not cost memory.
constexpr std::uint64_t kMostOpenings = 100;

/// How HAProxy's counters see a server. chkdown counts the ways from `up` or `drained` to `down` and from `up` to
/// `out`.
enum class Footing : std::uint8_t {
  up,
  drained,  ///< DRAIN, NOLB: up, but takes no more
  down,
  out,  ///< MAINT: no longer checked, and up once it is back
};

/// A time in which the footing was the same.
struct Spell {
  BreakerState state = BreakerState::closed;
  Footing footing = Footing::up;
  double length = 0;  ///< seconds
};

struct StatusKind {
  std::string_view begins;
  BreakerState state;
  Footing footing;
};
/// By how the text begins; the first that fits.
constexpr std::array<StatusKind, 7> kStatuses{{
    {"UP", BreakerState::closed, Footing::up},
    {"no check", BreakerState::closed, Footing::up},
    {"DOWN", BreakerState::open, Footing::down},
    {"MAINT (resolution)", BreakerState::open, Footing::out},
    {"MAINT", BreakerState::forced_open, Footing::out},
    {"DRAIN", BreakerState::forced_open, Footing::drained},
    {"NOLB", BreakerState::forced_open, Footing::drained},
}};

const StatusKind* find_kind(std::string_view status) {
  const auto* const found =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const auto& one) { return status.starts_with(one.begins); });
  return found == kStatuses.end() ? nullptr : found;
}

std::uint64_t increase(const std::optional<std::uint64_t>& before, const std::optional<std::uint64_t>& now) {
  return before && now && *now > *before ? *now - *before : 0;
}

bool went_back(const HaproxyServer& before, const HaproxyServer& now) {
  // Not downtime: a server that goes from DOWN into MAINT loses some of it.
  constexpr std::array kCounters{&HaproxyServer::chkdown,  &HaproxyServer::chkfail,     &HaproxyServer::stot,
                                 &HaproxyServer::hrsp_5xx, &HaproxyServer::econ,        &HaproxyServer::eresp,
                                 &HaproxyServer::wredis,   &HaproxyServer::good_answers};
  return std::any_of(kCounters.begin(), kCounters.end(), [&](auto counter) {
    const auto& old = before.*counter;
    const auto& fresh = now.*counter;
    return old && fresh && *fresh < *old;
  });
}

/// Whether it changed and came back to the state it had, without a counter that tells of it. Seconds are whole.
bool changed_unseen(const HaproxyServer& before, const HaproxyServer& now) {
  if (before.starts_slowly || !before.lastchg || !now.lastchg)
    return false;  // the end of a slow start is such a change
  return find_kind(before.status) == find_kind(now.status) && *now.lastchg + 1 < *before.lastchg;
}

/// The spells from the one that `before` was in to the one of `now`, with `downs` that were counted since.
std::vector<Spell> spells_between(const HaproxyServer& before, const HaproxyServer& now, const StatusKind& first,
                                  const StatusKind& last, std::uint64_t downs) {
  // A failed check or request comes before every opening that is not an operator's or an agent's work.
  const bool by_hand = before.chkfail && before.chkfail == now.chkfail && now.agent_status.empty();
  const Spell unseen =
      by_hand ? Spell{BreakerState::forced_open, Footing::out} : Spell{BreakerState::open, Footing::down};
  const bool ends_down = last.footing == Footing::down || last.footing == Footing::out;

  std::vector<Spell> spells{{first.state, first.footing}};
  for (std::uint64_t count = 1; count <= downs; ++count) {
    const auto footing = spells.back().footing;
    if (footing == Footing::down || footing == Footing::out) spells.push_back({BreakerState::closed, Footing::up});
    spells.push_back(count == downs && ends_down ? Spell{last.state, last.footing} : unseen);
  }
  if (spells.back().footing != last.footing || spells.back().state != last.state) {
    spells.push_back({last.state, last.footing});
  }
  return spells;
}

bool is_up(const Spell& spell) { return spell.footing == Footing::up; }

/// Gives the spells lengths: lastchg is the last one's; downtime tells how the rest is divided between those that are
/// up and those that are not, and of each kind all have the same.
void measure(std::vector<Spell>& spells, const HaproxyServer& before, const HaproxyServer& now, double elapsed) {
  auto& last = spells.back();
  last.length = std::min(static_cast<double>(now.lastchg.value_or(0)), elapsed);
  double down = std::min(static_cast<double>(increase(before.downtime, now.downtime)), elapsed);
  double up = elapsed - down;
  (is_up(last) ? up : down) -= last.length;
  const auto count_up = std::count_if(spells.begin(), spells.end() - 1, is_up);
  const auto count_down = static_cast<std::ptrdiff_t>(spells.size()) - 1 - count_up;
  for (auto spell = spells.begin(); spell != spells.end() - 1; ++spell) {
    const double total = is_up(*spell) ? up : down;
    const auto share = static_cast<double>(is_up(*spell) ? count_up : count_down);
    spell->length = std::max(total, 0.0) / share;
  }
}

/// All spells but the first as steps.
std::vector<Step> steps_of(const std::vector<Spell>& spells, const HaproxyServer& before, const HaproxyServer& now,
                           double elapsed) {
  // Not told in MAINT. Where one check brings it back, it is never half-open.
  const bool many_checks = std::max(before.check_rise.value_or(0), now.check_rise.value_or(0)) > 1;
  const bool by_agent = before.status.starts_with("DOWN (agent)");
  double ago = 0;
  std::vector<Step> steps;  // the last one first
  for (auto at = spells.size() - 1; at > 0; --at) {
    const auto& from = spells[at - 1];
    ago = std::min(ago + spells[at].length, elapsed);
    steps.push_back({spells[at].state, Seconds{ago}});
    const bool through_half_open =
        from.footing == Footing::down && spells[at].footing == Footing::up && many_checks && !(at == 1 && by_agent);
    if (through_half_open) steps.push_back({BreakerState::half_open, Seconds{ago}});
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

std::vector<Step> first_sight(const HaproxyServer& now) {
  const auto state = haproxy_state(now);
  // Of a half-open one it is how long it is down.
  if (state == BreakerState::half_open || !now.lastchg) return {{state}};
  return {{state, Seconds{static_cast<double>(*now.lastchg)}}};
}

struct Seen {
  std::vector<Step> path;
  bool gap = false;
};

/// What became of a server since the reply before.
Seen compare(const HaproxyServer& before, const HaproxyServer& now, double elapsed) {
  const auto state = haproxy_state(now);
  const auto* const first = find_kind(before.status);
  const auto* const last = find_kind(now.status);
  if (first == nullptr || last == nullptr) return {{{state}}};
  if (went_back(before, now)) return {first_sight(now), true};
  const auto downs = increase(before.chkdown, now.chkdown);
  if (downs > kMostOpenings) return {first_sight(now), true};
  if (downs == 0 && changed_unseen(before, now)) return {{{state}}, true};
  auto spells = spells_between(before, now, *first, *last, downs);
  measure(spells, before, now, elapsed);
  auto path = steps_of(spells, before, now, elapsed);
  // Half-open, or no longer so: the footing is the same.
  if (path.empty() || path.back().state != state) path.push_back({state});
  return {std::move(path)};
}

const HaproxyServer* find(const HaproxyServers* servers, const BreakerId& id) {
  if (servers == nullptr) return nullptr;
  const auto found = servers->find(id);
  return found == servers->end() ? nullptr : &found->second;
}

void add_calls(const HaproxyServer& server, Observation& observation) {
  if (server.good_answers) {
    observation.set_total(CallResult::success, static_cast<double>(*server.good_answers));
  }
  if (!server.econ || !server.eresp) return;
  double failures = 0;
  for (const auto& count : {server.hrsp_5xx, server.econ, server.eresp, server.wredis}) {
    failures += static_cast<double>(count.value_or(0));
  }
  observation.set_total(CallResult::failure, failures);
}

}  // namespace

BreakerState haproxy_state(const HaproxyServer& server) {
  const auto* const kind = find_kind(server.status);
  if (kind == nullptr) return BreakerState::unknown;
  const bool some_passed = kind->footing == Footing::down && server.status.find('/') != std::string::npos;
  return some_passed ? BreakerState::half_open : kind->state;
}

bool is_haproxy_breaker(const HaproxyServer& server) {
  return server.chkdown.has_value() || !server.agent_status.empty() || !server.tracked.empty();
}

HaproxyServers by_id(std::vector<HaproxyServer> servers) {
  HaproxyServers found;
  for (auto& server : servers) {
    auto id = server.id;
    found.emplace(std::move(id), std::move(server));
  }
  return found;
}

Reading read_haproxy(const HaproxyServers* before, const HaproxyServers& now, Seconds elapsed) {
  Reading reading;
  bool gap = false;
  for (const auto& [id, server] : now) {
    if (!is_haproxy_breaker(server)) continue;
    Observation observation;
    observation.id = id;
    const auto* const old = find(before, id);
    auto seen = old == nullptr ? Seen{first_sight(server)} : compare(*old, server, std::max(elapsed.count(), 0.0));
    observation.path = std::move(seen.path);
    gap = gap || seen.gap;
    add_calls(server, observation);
    reading.breakers.push_back(std::move(observation));
  }
  reading.gaps = gap ? 1 : 0;
  return reading;
}

}  // namespace binnacle::breaker
