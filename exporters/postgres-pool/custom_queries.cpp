// SPDX-License-Identifier: Apache-2.0
#include "custom_queries.h"

#include <algorithm>
#include <stdexcept>

#include "collectors.h"
#include "core/log.h"

namespace binnacle::pgpool {

namespace {

constexpr int kMajorVersion = 10'000;
constexpr std::chrono::milliseconds kRest{30'000};
constexpr const char* kQueryCanceled = "57014";  // by statement_timeout: nobody else cancels us

std::string prefixed(const CustomQuery& query, const char* name) {
  return (query.kind == Kind::postgres ? "pg_custom_query_" : "pgbouncer_custom_query_") + std::string{name};
}

bool is_for_version(const CustomQuery& query, int version) {
  const int major = version / kMajorVersion;
  return query.kind == Kind::pgbouncer || (query.min_version <= major && major <= query.max_version);
}

}  // namespace

CustomQueriesCollector::CustomQueriesCollector(std::shared_ptr<Session> session, std::string target,
                                               std::vector<CustomQuery> queries)
    : session_(std::move(session)), target_(std::move(target)) {
  for (auto& query : queries) {
    State state;
    state.query = std::move(query);
    states_.push_back(std::move(state));
  }
}

void CustomQueriesCollector::collect(const ScrapeContext& scrape, Output& out) {
  const int version = session_->version(scrape.deadline);  // fails when there is no server, whatever is kept
  bool any = false;
  for (auto& state : states_) {
    if (!is_for_version(state.query, version)) continue;
    any = true;
    collect_one(state, scrape.deadline, out.families);
  }
  if (!any) throw NotApplicable("no query of the config is for this server's version");
}

void CustomQueriesCollector::collect_one(State& state, Clock::time_point deadline, Families& families) {
  try {
    update(state, deadline);
    add_custom_query(state.query, *state.rows, families);
    note(state, "");
  } catch (const std::exception& error) {
    state.rows.reset();
    note(state, error.what());
  }
  add_self_metrics(state, families);
}

void CustomQueriesCollector::update(State& state, Clock::time_point deadline) {
  const auto now = Clock::now();
  if (state.rows && now - state.read_at < state.query.keep) return;
  if (now < state.not_before) throw std::runtime_error(state.failure);
  state.rows.reset();
  try {
    read(state, std::min(deadline, now + state.query.timeout));
  } catch (const std::exception&) {
    state.seconds = std::chrono::duration<double>{Clock::now() - now}.count();
    throw;
  }
  state.read_at = now;
  state.seconds = std::chrono::duration<double>{Clock::now() - now}.count();
}

void CustomQueriesCollector::read(State& state, Clock::time_point deadline) {
  const auto rest = [&] { state.not_before = Clock::now() + std::max(kRest, state.query.keep); };
  try {
    state.rows = session_->query(state.query.sql, deadline);
  } catch (const Timeout&) {
    rest();
    throw;
  } catch (const SqlError& error) {
    if (error.sqlstate() == kQueryCanceled) rest();
    throw;
  }
}

void CustomQueriesCollector::note(State& state, const std::string& failure) const {
  if (failure == state.failure) return;
  state.failure = failure;
  if (failure.empty()) {
    log::info("custom query succeeds again", {{"target", target_}, {"query", state.query.name}});
  } else {
    log::warn("custom query failed", {{"target", target_}, {"query", state.query.name}, {"error", failure}});
  }
}

void CustomQueriesCollector::add_self_metrics(const State& state, Families& families) const {
  const auto& query = state.query;
  const std::string_view name = query.name;
  families.gauge(prefixed(query, "success"), "1 when a query of the config gave what it should, else 0.")
      .add({{"query", name}}, state.failure.empty() ? 1 : 0);
  families.gauge(prefixed(query, "duration_seconds"), "How long a query of the config took when it ran last.")
      .add({{"query", name}}, state.seconds);
  if (!state.rows) return;
  families.gauge(prefixed(query, "age_seconds"), "How old the answer is that a query of the config shows.")
      .add({{"query", name}}, std::chrono::duration<double>{Clock::now() - state.read_at}.count());
}

std::unique_ptr<Collector> make_custom_queries(const CollectorParts& parts) {
  if (parts.queries.empty()) return nullptr;
  return std::make_unique<CustomQueriesCollector>(parts.session, parts.target, parts.queries);
}

}  // namespace binnacle::pgpool
