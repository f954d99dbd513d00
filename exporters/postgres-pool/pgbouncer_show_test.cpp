// SPDX-License-Identifier: Apache-2.0
#include "pgbouncer_show.h"

#include <catch2/catch.hpp>

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

struct Console {
  int version = 12'500;
  std::string error;  ///< what each command is answered with; empty: a row
  int commands = 0;
};

class ConsoleConnector final : public Connector {
 public:
  explicit ConsoleConnector(Console& console) : console_(console) {}
  std::unique_ptr<Link> connect(Clock::time_point /*deadline*/) override { return std::make_unique<OneLink>(console_); }

 private:
  class OneLink final : public Link {
   public:
    explicit OneLink(Console& console) : console_(console) {}
    Rows query(std::string_view sql, Clock::time_point /*deadline*/) override {
      ++console_.commands;
      if (!console_.error.empty()) throw SqlError(console_.error, "08P01");
      Rows rows{{"command"}};
      rows.add({std::string{sql}});
      return rows;
    }
    [[nodiscard]] int version() const override { return console_.version; }
    [[nodiscard]] bool usable() const override { return true; }

   private:
    Console& console_;
  };
  Console& console_;
};

/// What the collector of "SHOW STATE", there since 1.19, hands to its function: the command.
std::string show_state(Console& console) {
  std::string shown;
  const auto session = std::make_shared<Session>(std::make_unique<ConsoleConnector>(console));
  const auto collector = make_show_collector(
      session, {.statement = "SHOW STATE", .since = 11'900, .add = [&](const Rows& rows, Output& /*out*/) {
                  shown = rows[0].text("command").value_or("");
                }});
  Output out;
  collector->collect({Clock::now() + 1min}, out);
  return shown;
}

}  // namespace

TEST_CASE("a SHOW command's rows go to its function", "[pgbouncer]") {
  Console console;
  CHECK(show_state(console) == "SHOW STATE");
  console.version = 11'900;
  CHECK(show_state(console) == "SHOW STATE");
  console.version = 0;  // unknown: to be tried
  CHECK(show_state(console) == "SHOW STATE");
}

TEST_CASE("a command that PgBouncer is too old for is not sent", "[pgbouncer]") {
  Console console{.version = 11'800, .error = {}};
  CHECK_THROWS_AS(show_state(console), NotApplicable);
  CHECK_THROWS_WITH(show_state(console), "PgBouncer has SHOW STATE since 1.19");
  CHECK(console.commands == 0);
}

TEST_CASE("a command that the login may not run, or that does not exist, is not applicable", "[pgbouncer]") {
  Console console{.error = "ERROR:  admin access needed"};
  CHECK_THROWS_AS(show_state(console), NotApplicable);
  console.error = "ERROR:  invalid command 'SHOW STATE', use SHOW HELP;";
  CHECK_THROWS_AS(show_state(console), NotApplicable);
  console.error = "ERROR:  no mem";
  CHECK_THROWS_AS(show_state(console), SqlError);
}
