// SPDX-License-Identifier: Apache-2.0
#include "statement_collector.h"

namespace binnacle::pgpool {

namespace {

constexpr const char* kQueryCanceled = "57014";  // by statement_timeout: nobody else cancels us

std::function<void(const Rows&, Output&)> to_output(AddFamilies add) {
  return [add](const Rows& rows, Output& out) { add(rows, out.families); };
}

}  // namespace

void StatementCollector::collect(const ScrapeContext& scrape, Output& out) {
  const int version = session_->version(scrape.deadline);  // fails when there is no server, whatever is kept
  const auto now = Clock::now();
  if (now < not_before_) throw std::runtime_error("the statement took too long, and is not tried again yet");
  if (now >= fresh_until_) ask(version, scrape.deadline);
  statement_.add(rows_, out);
  if (statement_.keep.count() == 0) rows_ = Rows{};
}

void StatementCollector::ask(int version, Clock::time_point deadline) {
  try {
    rows_ = session_->query(statement_.sql(version), deadline);
  } catch (const SqlError& error) {
    if (error.sqlstate() == kQueryCanceled) not_before_ = Clock::now() + statement_.keep;
    throw;
  }
  fresh_until_ = Clock::now() + statement_.keep;
}

std::unique_ptr<Collector> make_statement_collector(std::shared_ptr<Session> session, std::string_view sql,
                                                    AddFamilies add, std::chrono::milliseconds keep) {
  return std::make_unique<StatementCollector>(std::move(session),
                                              Statement{[sql](int) { return std::string{sql}; }, to_output(add), keep});
}

std::unique_ptr<Collector> make_statement_collector(std::shared_ptr<Session> session, std::string (*sql)(int version),
                                                    AddFamilies add) {
  return std::make_unique<StatementCollector>(std::move(session), Statement{sql, to_output(add)});
}

}  // namespace binnacle::pgpool
