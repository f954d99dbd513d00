// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/collector.h"
#include "session.h"

namespace binnacle::pgpool {

/// What a collector of one statement asks, and what it makes of the answer.
struct Statement {
  /// The text for a server of this version, as Session::version() has it. Throws NotApplicable.
  std::function<std::string(int version)> sql;
  std::function<void(const Rows& rows, Output& out)> add;
  /// How long an answer serves further scrapes; 0: it serves one.
  std::chrono::milliseconds keep{0};
};

/// A collector of one statement, which is one round trip.
///
/// An answer that is kept serves while the server can be reached, and not without it. Where answers are kept, a
/// statement that the server ended for its length is not tried again for that time, so that it does not take the time
/// of other collectors at each scrape.
class StatementCollector final : public Collector {
 public:
  StatementCollector(std::shared_ptr<Session> session, Statement statement)
      : session_(std::move(session)), statement_(std::move(statement)) {}

  void collect(const ScrapeContext& scrape, Output& out) override;

 private:
  void ask(int version, Clock::time_point deadline);

  const std::shared_ptr<Session> session_;
  const Statement statement_;
  Rows rows_;
  Clock::time_point fresh_until_ = Clock::time_point::min();
  Clock::time_point not_before_ = Clock::time_point::min();
};

/// A pure function from rows to families.
using AddFamilies = void (*)(const Rows& rows, Families& families);

/// A collector whose statement is the same for all versions; `sql` is a literal.
std::unique_ptr<Collector> make_statement_collector(std::shared_ptr<Session> session, std::string_view sql,
                                                    AddFamilies add, std::chrono::milliseconds keep = {});

/// A collector whose statement is another for each version.
std::unique_ptr<Collector> make_statement_collector(std::shared_ptr<Session> session, std::string (*sql)(int version),
                                                    AddFamilies add);

}  // namespace binnacle::pgpool
