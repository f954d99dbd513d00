// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observation.h"

namespace binnacle::breaker {

/// What HAProxy's statistics say of one server. A number is absent where the field is empty, as most are without
/// checks.
struct HaproxyServer {
  BreakerId id;                ///< pxname and svname: the backend and the server in it
  std::string status;          ///< "UP", "DOWN 1/3", "MAINT (via b/s)", "no check" ...
  std::string agent_status;    ///< empty without an agent
  std::string tracked;         ///< "b/s": its checks are another server's
  bool starts_slowly = false;  ///< throttle: up again, with a part of its weight yet

  std::optional<std::uint64_t> check_rise;  ///< passed checks in a row that bring it back
  std::optional<std::uint64_t> chkfail;     ///< failed checks while it was up, those by live traffic too
  std::optional<std::uint64_t> chkdown;     ///< how often it went from up to DOWN or to MAINT
  std::optional<std::uint64_t> lastchg;     ///< whole seconds since it last went up, down, into MAINT, DRAIN or NOLB
  std::optional<std::uint64_t> downtime;    ///< whole seconds that it was not up, in all

  std::optional<std::uint64_t> stot;          ///< sessions, attempts that were repeated too
  std::optional<std::uint64_t> good_answers;  ///< hrsp_1xx to hrsp_4xx and hrsp_other; absent in TCP mode
  std::optional<std::uint64_t> hrsp_5xx;      ///< likewise
  std::optional<std::uint64_t> econ;          ///< requests given up, since no connection could be made
  std::optional<std::uint64_t> eresp;         ///< answers that never came, in time or whole
  std::optional<std::uint64_t> wredis;        ///< requests that went on to another server, since this one failed
};

/// The servers (rows of type 2) in what `show stat` and the page's `;csv` answer, in their order. Columns are found by
/// the names in the header, other columns do not matter. Throws SourceError (bad_reply).
std::vector<HaproxyServer> parse_haproxy_csv(std::string_view csv);

}  // namespace binnacle::breaker
