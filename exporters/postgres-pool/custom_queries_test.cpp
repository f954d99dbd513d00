// SPDX-License-Identifier: Apache-2.0
#include "custom_queries.h"

#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "core/captured_stderr.h"
#include "test_rows.h"

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

/// What a server answers to each statement; null: the statement fails.
struct Answers {
  std::map<std::string, std::string, std::less<>> by_sql;
  std::map<std::string, int, std::less<>> asked;
  std::string sqlstate = "42P01";
};

class AnswerLink final : public Link {
 public:
  explicit AnswerLink(Answers& answers) : answers_(answers) {}
  Rows query(std::string_view sql, Clock::time_point /*deadline*/) override {
    ++answers_.asked[std::string{sql}];
    const auto found = answers_.by_sql.find(sql);
    if (found == answers_.by_sql.end()) throw SqlError{"no such table", answers_.sqlstate};
    return rows_of(found->second);
  }
  [[nodiscard]] int version() const override { return 150'004; }
  [[nodiscard]] bool usable() const override { return true; }

 private:
  Answers& answers_;
};

class AnswerConnector final : public Connector {
 public:
  explicit AnswerConnector(Answers& answers) : answers_(answers) {}
  std::unique_ptr<Link> connect(Clock::time_point /*deadline*/) override {
    return std::make_unique<AnswerLink>(answers_);
  }

 private:
  Answers& answers_;
};

CustomQuery query(const std::string& name, const std::string& sql) {
  CustomQuery one;
  one.name = name;
  one.sql = sql;
  one.metrics.push_back({"n", name + "_n", prometheus::MetricType::Gauge, "A number.", 1});
  return one;
}

CustomQueriesCollector collector(Answers& answers, std::vector<CustomQuery> queries) {
  return {std::make_shared<Session>(std::make_unique<AnswerConnector>(answers)), "orders", std::move(queries)};
}

Output collect(CustomQueriesCollector& of) {
  Output out;
  of.collect({Clock::now() + 1h}, out);
  return out;
}

std::optional<double> success(const Output& out, const std::string& name) {
  return value_of(out.families, "pg_custom_query_success", {{"query", name}});
}

}  // namespace

TEST_CASE("a bad query fails alone, and the log says why once", "[custom_queries]") {
  Answers answers;
  answers.by_sql["SELECT good"] = "n\n7\n";
  auto custom = collector(answers, {query("bad", "SELECT bad"), query("good", "SELECT good")});
  CapturedStderr captured;
  const auto out = collect(custom);
  collect(custom);
  const auto log = captured.lines();
  CHECK(success(out, "bad") == 0);
  CHECK(success(out, "good") == 1);
  CHECK(value_of(out.families, "good_n") == 7);
  CHECK(find_family(out.families, "bad_n") == nullptr);
  CHECK(series_of(out.families, "pg_custom_query_age_seconds") == 1);
  CHECK(series_of(out.families, "pg_custom_query_duration_seconds") == 2);
  REQUIRE(log.size() == 1);
  CHECK(log[0].find("no such table") != std::string::npos);
}

TEST_CASE("an answer is kept for its time, and its age is told", "[custom_queries]") {
  Answers answers;
  answers.by_sql["SELECT kept"] = "n\n7\n";
  auto kept = query("kept", "SELECT kept");
  kept.keep = 1h;
  auto custom = collector(answers, {kept});
  collect(custom);
  std::this_thread::sleep_for(2ms);
  const auto out = collect(custom);
  CHECK(answers.asked["SELECT kept"] == 1);
  CHECK(value_of(out.families, "kept_n") == 7);
  CHECK(value_of(out.families, "pg_custom_query_age_seconds", {{"query", "kept"}}).value() >= 0.002);
}

TEST_CASE("without a time to keep it each scrape asks", "[custom_queries]") {
  Answers answers;
  answers.by_sql["SELECT now"] = "n\n7\n";
  auto custom = collector(answers, {query("now", "SELECT now")});
  collect(custom);
  collect(custom);
  CHECK(answers.asked["SELECT now"] == 2);
}

TEST_CASE("a query that ran out of time has a rest, and stays failed", "[custom_queries]") {
  Answers answers;
  answers.sqlstate = "57014";
  auto custom = collector(answers, {query("slow", "SELECT slow")});
  CapturedStderr captured;
  CHECK(success(collect(custom), "slow") == 0);
  CHECK(success(collect(custom), "slow") == 0);
  CHECK(answers.asked["SELECT slow"] == 1);
}

TEST_CASE("a query that failed otherwise is tried again, and recovers", "[custom_queries]") {
  Answers answers;
  auto custom = collector(answers, {query("late", "SELECT late")});
  CapturedStderr captured;
  CHECK(success(collect(custom), "late") == 0);
  answers.by_sql["SELECT late"] = "n\n1\n";
  CHECK(success(collect(custom), "late") == 1);
}

TEST_CASE("a query of another version is not there", "[custom_queries]") {
  Answers answers;
  answers.by_sql["SELECT 1"] = "n\n1\n";
  auto old = query("old", "SELECT 1");
  old.max_version = 14;
  auto fresh = query("fresh", "SELECT 1");
  fresh.min_version = 16;
  auto both = collector(answers, {old, fresh});
  CHECK_THROWS_AS(collect(both), NotApplicable);
  auto fits = query("fits", "SELECT 1");
  fits.min_version = 15;
  fits.max_version = 15;
  auto three = collector(answers, {old, fits, fresh});
  const auto out = collect(three);
  CHECK(series_of(out.families, "pg_custom_query_success") == 1);
  CHECK(success(out, "fits") == 1);
}
