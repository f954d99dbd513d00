// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_show.h"

#include <string_view>
#include <utility>

namespace binnacle::pgpool {

namespace {

constexpr int kMajor = 10'000;
constexpr int kMinor = 100;

/// Asked beforehand: PgBouncer logs each command that it does not know.
void require_version(const ShowCommand& command, int version) {
  if (version == 0 || version >= command.since) return;
  throw NotApplicable("PgBouncer has " + command.statement + " since " + std::to_string(command.since / kMajor) + "." +
                      std::to_string(command.since / kMinor % kMinor));
}

class ShowCollector final : public Collector {
 public:
  ShowCollector(std::shared_ptr<Session> session, ShowCommand command)
      : session_(std::move(session)), command_(std::move(command)) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    if (command_.since != 0) require_version(command_, session_->version(scrape.deadline));
    command_.add(show(scrape.deadline), out);
  }

 private:
  Rows show(Clock::time_point deadline) {
    try {
      return session_->query(command_.statement, deadline);
    } catch (const SqlError& error) {
      const std::string_view message = error.what();
      if (message.find("admin access needed") != std::string_view::npos) {
        throw NotApplicable("the login may not run " + command_.statement + ": PgBouncer wants one of admin_users");
      }
      if (message.find("invalid command") != std::string_view::npos) {
        throw NotApplicable("this console does not know " + command_.statement);
      }
      throw;
    }
  }

  const std::shared_ptr<Session> session_;
  const ShowCommand command_;
};

}  // namespace

std::unique_ptr<Collector> make_show_collector(std::shared_ptr<Session> session, ShowCommand command) {
  return std::make_unique<ShowCollector>(std::move(session), std::move(command));
}

}  // namespace binnacle::pgpool
