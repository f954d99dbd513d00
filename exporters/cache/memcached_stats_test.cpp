// SPDX-License-Identifier: Apache-2.0
#include "memcached_stats.h"

#include <catch2/catch.hpp>
#include <string>

using namespace binnacle::cache;

TEST_CASE("lines of statistics", "[memcached]") {
  const auto stats = parse_stats(
      "STAT pid 7\r\n"
      "STAT version 1.6.18 with blanks\r\n"
      "STAT rusage_user 0.004569\r\n"
      "STAT evictions on\r\n"
      "STAT lru_crawler yes\r\n"
      "STAT cas_enabled no\r\n"
      "STAT maxconns_fast off\r\n"
      "STAT domain_socket NULL\r\n"
      "STAT empty\r\n"
      "STAT nothing nan\r\n"
      "STAT most inf\r\n"
      "STAT\r\n"
      "\r\n"
      "STATUS odd 1\r\n"
      "VALUE k 0 1\r\n"
      "STAT twice 1\r\n"
      "STAT twice 2\n"
      "STAT cut 12");
  CHECK(stats.number("pid") == 7);
  CHECK(stats.find("version") == "1.6.18 with blanks");
  CHECK_FALSE(stats.number("version"));
  CHECK(*stats.number("rusage_user") == Approx(0.004569));
  CHECK(stats.number("evictions") == 1);
  CHECK(stats.number("lru_crawler") == 1);
  CHECK(stats.number("cas_enabled") == 0);
  CHECK(stats.number("maxconns_fast") == 0);
  CHECK_FALSE(stats.number("domain_socket"));
  CHECK(stats.find("empty") == "");
  CHECK_FALSE(stats.number("empty"));
  CHECK_FALSE(stats.number("nothing"));
  CHECK_FALSE(stats.number("most"));
  CHECK_FALSE(stats.find("odd"));
  CHECK_FALSE(stats.find("k"));
  CHECK_FALSE(stats.number("absent"));
  CHECK(stats.number("twice") == 2);
  CHECK(stats.number("cut") == 12);
  CHECK(stats.size() == 13);
  CHECK(parse_stats("").size() == 0);
}

TEST_CASE("statistics of slab classes", "[memcached]") {
  const std::string_view items =
      "STAT items:5:number 1\r\nSTAT items:42:number 2\r\nSTAT items:5:age 30\r\nSTAT items:x:number 9\r\n"
      "STAT items:5 9\r\nSTAT items:5: 9\r\nSTAT items::number 9\r\nSTAT items:4000000000:number 9\r\n"
      "STAT items:-1:number 9\r\nSTAT 5:number 9\r\n";
  const auto by_item = parse_class_stats(items, "items:");
  REQUIRE(by_item.size() == 2);
  CHECK(by_item.at(5).size() == 2);
  CHECK(by_item.at(5).number("number") == 1);
  CHECK(by_item.at(5).number("age") == 30);
  CHECK(by_item.at(42).number("number") == 2);

  const auto slabs =
      parse_class_stats("STAT 1:chunk_size 96\r\nSTAT active_slabs 1\r\nSTAT total_malloced 1048576\r\n", "");
  REQUIRE(slabs.size() == 1);
  CHECK(slabs.at(1).number("chunk_size") == 96);
}

TEST_CASE("where a reply ends", "[memcached]") {
  const std::string reply = "STAT pid 7\r\nSTAT END 1\r\nEND\r\n";
  const std::string next = "STAT uptime 2\r\n";
  const auto end = find_stats_end(reply + next);
  CHECK(end.size == reply.size());
  CHECK_FALSE(end.is_error);
  // The text must outlive what borrows from it.
  CHECK(find_stats_end(reply).body == "STAT pid 7\r\nSTAT END 1\r\n");
  CHECK(find_stats_end("END\r\n").size == 5);
  CHECK(find_stats_end("").size == 0);

  for (std::size_t size = 0; size < reply.size(); ++size) CHECK(find_stats_end(reply.substr(0, size)).size == 0);
  // Wherever a piece ended, the next look finds the end.
  for (std::size_t searched = 0; searched < reply.size(); ++searched) {
    CHECK(find_stats_end(reply, searched).size == reply.size());
  }
}

TEST_CASE("replies that are errors", "[memcached]") {
  for (const std::string line : {"ERROR", "CLIENT_ERROR bad command line format", "SERVER_ERROR out of memory",
                                 "ERROR Too many open connections"}) {
    const auto reply = line + "\r\nSTAT a 1\r\n";
    const auto end = find_stats_end(reply);
    CHECK(end.size == line.size() + 2);
    CHECK(end.is_error);
    CHECK(end.body == line);
  }
  CHECK(find_stats_end("ERRORS\r\n").size == 0);
  CHECK(find_stats_end("STAT ERROR 1\r\n").size == 0);
}
