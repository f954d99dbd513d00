// SPDX-License-Identifier: Apache-2.0
#include "haproxy_csv.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/file.h"
#include "source.h"

using namespace binnacle;
using namespace binnacle::breaker;
using Catch::Matchers::Contains;

namespace {

const std::string kHeader = "# pxname,svname,status,type,chkdown,\n";

/// A file of tests/fixtures; the compiler names this one by a path from the build folder on, where Meson runs tests.
std::string recorded(const std::string& name) {
  const auto sources = std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
  return read_file((sources / "tests/fixtures/circuit-breaker" / name).string());
}

void check_refused(const std::string& csv, const std::string& message) {
  INFO(csv);
  try {
    parse_haproxy_csv(csv);
    FAIL("taken");
  } catch (const SourceError& error) {
    CHECK(error.failure() == Failure::bad_reply);
    CHECK_THAT(error.what(), Contains(message));
    CHECK(std::string_view{error.what()}.find('\n') == std::string_view::npos);
  }
}

}  // namespace

TEST_CASE("servers of HAProxy 2.6", "[haproxy_csv]") {
  const auto servers = parse_haproxy_csv(recorded("haproxy-2.6-open.csv"));
  REQUIRE(servers.size() == 11);
  const auto& web1 = servers[0];
  CHECK(web1.id == BreakerId{"shop", "web1"});
  CHECK(web1.status == "DOWN");
  CHECK(web1.agent_status.empty());
  CHECK(web1.tracked.empty());
  CHECK_FALSE(web1.starts_slowly);
  CHECK(web1.check_rise == 3);
  CHECK(web1.chkfail == 1);
  CHECK(web1.chkdown == 1);
  CHECK(web1.lastchg == 0);
  CHECK(web1.downtime == 0);
  CHECK(web1.stot == 14);
  CHECK(web1.good_answers == 10);
  CHECK(web1.hrsp_5xx == 4);
  CHECK(web1.econ == 0);
  CHECK(web1.eresp == 0);
  CHECK(web1.wredis == 0);

  CHECK(servers[5].id == BreakerId{"orders", "o4"});
  CHECK(servers[5].tracked == "shop/web1");
  CHECK_FALSE(servers[5].chkdown);
  CHECK(servers[8].status == "no check");
  CHECK(servers[9].agent_status == "L4CON");
  // In TCP mode there are no answers to count.
  CHECK(servers[10].id.breaker == "mail");
  CHECK_FALSE(servers[10].good_answers);
  CHECK_FALSE(servers[10].hrsp_5xx);
  CHECK(servers[10].econ == 0);
}

TEST_CASE("the page has the same servers, and more rows", "[haproxy_csv]") {
  const auto page = parse_haproxy_csv(recorded("haproxy-2.6-page.csv"));
  const auto socket = parse_haproxy_csv(recorded("haproxy-2.6-closed.csv"));
  REQUIRE(page.size() == socket.size());
  for (std::size_t i = 0; i < page.size(); ++i) CHECK(page[i].id == socket[i].id);
}

TEST_CASE("servers of HAProxy 1.5, which has fewer columns", "[haproxy_csv]") {
  const auto servers = parse_haproxy_csv(recorded("haproxy-1.5.csv"));
  REQUIRE(servers.size() == 2);
  CHECK(servers[0].chkdown == 2);
  CHECK(servers[0].lastchg == 86021);
  CHECK(servers[0].good_answers == 1096);
  CHECK(servers[0].hrsp_5xx == 5);
  CHECK(servers[0].wredis == 1);
  CHECK_FALSE(servers[0].check_rise);
  CHECK(servers[1].status == "MAINT (via shop/web1)");
}

TEST_CASE("columns are found by their names, and fields may be odd", "[haproxy_csv]") {
  const auto servers = parse_haproxy_csv(recorded("haproxy-strange.csv"));
  REQUIRE(servers.size() == 5);
  CHECK(servers[0].id == BreakerId{"a \"b\", c", "a"});
  CHECK(servers[0].status == "UP");  // the first of two columns of this name
  CHECK(servers[0].good_answers == 18446744073709551615U);
  CHECK(servers[1].id.breaker == "two\nlines");
  CHECK(servers[1].starts_slowly);
  CHECK_FALSE(servers[1].chkdown);
  CHECK_FALSE(servers[1].chkfail);
  CHECK_FALSE(servers[1].lastchg);
  CHECK_FALSE(servers[1].downtime);
  CHECK(servers[2].id.breaker == "café");
  CHECK(servers[4].id == BreakerId{"", ""});
}

TEST_CASE("line ends, blank lines, and rows of other types", "[haproxy_csv]") {
  CHECK(parse_haproxy_csv(kHeader).empty());
  CHECK(parse_haproxy_csv(kHeader + "\n").empty());
  CHECK(parse_haproxy_csv(kHeader + "b,FRONTEND,OPEN,0,,\nb,BACKEND,UP,1,0,\nb,l,OPEN,3,,\nb,x,UP,,,\n").empty());
  const auto servers = parse_haproxy_csv("# pxname,svname,status,type\r\nb,s,UP,2\r\n\r\n");
  REQUIRE(servers.size() == 1);
  CHECK(servers[0].status == "UP");
  CHECK_FALSE(servers[0].chkdown);
  // More fields than the header has names for.
  CHECK(parse_haproxy_csv(kHeader + "b,s,UP,2,7,8,9,10\n")[0].chkdown == 7);
}

TEST_CASE("ten thousand servers", "[haproxy_csv]") {
  auto csv = kHeader;
  for (int i = 0; i < 10'000; ++i) csv += "big,s" + std::to_string(i) + ",UP,2," + std::to_string(i) + ",\n";
  const auto servers = parse_haproxy_csv(csv);
  REQUIRE(servers.size() == 10'000);
  CHECK(servers[9'999].chkdown == 9'999);
}

TEST_CASE("what is no statistics of HAProxy", "[haproxy_csv]") {
  check_refused("", "expected the header of HAProxy's statistics, got nothing");
  check_refused("<html>\n<body>", "expected the header of HAProxy's statistics, got \"<html>\"");
  check_refused("#pxname,svname,status,type\n", "expected the header");
  check_refused(std::string(100'000, 'x'), "expected the header");
  check_refused("# pxname,svname,type,\nb,s,2,\n", "has no status");
  check_refused("# pxname,svname,status,\n", "has no type");
  check_refused("# Name,Version\n", "has no pxname");
}

TEST_CASE("what is cut off", "[haproxy_csv]") {
  check_refused("# pxname,svname,status,type", "ends within a line");
  check_refused(kHeader + "b,s,UP,2,1,\nb,s2,DO", "ends within a line");
  check_refused(kHeader + "b,s,UP,2,1,", "ends within a line");
  check_refused(kHeader + "b,s,UP\n", "a line has 3 fields");
  check_refused(kHeader + "b,\"s,UP,2,1,\n", "a field in quotes has no end");
  check_refused(kHeader + "b,\"s\"\"", "a field in quotes has no end");
}
