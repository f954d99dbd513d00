// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "haproxy_csv.h"
#include "observation.h"
#include "source.h"

namespace binnacle::breaker {

/// What HAProxy calls UP, DOWN and so on is a breaker's state here:
///
/// - closed: UP, also with "n/m" (failing, but not out yet); "no check" of a server that only has an agent
/// - open: DOWN, by failed checks as by failed requests (`observe`), DOWN (agent), MAINT (resolution)
/// - half_open: DOWN n/m, that is, n of the m checks that bring it back have passed
/// - forced_open: MAINT, DRAIN and NOLB, as an operator or the server itself asked for
BreakerState haproxy_state(const HaproxyServer& server);

/// Whether calls to the server can be stopped: it has checks, an agent, or tracks a server that does.
bool is_haproxy_breaker(const HaproxyServer& server);

struct ByBackend {
  bool operator()(const BreakerId& left, const BreakerId& right) const {
    const int order = left.breaker.compare(right.breaker);
    return order != 0 ? order < 0 : left.instance < right.instance;
  }
};
/// The servers of one reply.
using HaproxyServers = std::map<BreakerId, HaproxyServer, ByBackend>;

HaproxyServers by_id(std::vector<HaproxyServer> servers);

/// The servers that are breakers, and what happened since the reply before, `elapsed` ago; there was none: no `before`.
///
/// What was missed between the two is told by HAProxy's counters: chkdown says how often a server went from closed to
/// open, downtime and lastchg for how long, within a second. Time that nobody saw as half-open counts as open. Counters
/// that went back mean a restart of HAProxy: what happened at it is one gap, as is any change that no counter tells of.
///
/// Calls of a server: success are answers but 5xx, in HTTP mode. Failure are 5xx answers (501 and 505 too), answers
/// that did not come or broke off (eresp; one that broke off after its headers is a success by these, too), and
/// requests that found no connection (econ) or went on to another server (wredis). An attempt that was repeated at the
/// same server counts once. Which requests were turned away for want of a server is known of no server, hence nothing
/// is rejected.
Reading read_haproxy(const HaproxyServers* before, const HaproxyServers& now, std::chrono::duration<double> elapsed);

}  // namespace binnacle::breaker
