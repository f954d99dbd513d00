// SPDX-License-Identifier: Apache-2.0
#include "clients.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

TEST_CASE("clients are summed up by type, and none is named", "[clients]") {
  Families families;
  add_clients(
      "id=11 addr=10.0.0.7:63508 name=secret age=6321 idle=20 flags=N db=0 qbuf=10 omem=100 tot-mem=1000 cmd=get\n"
      "id=12 addr=[::1]:1 name= age=5 idle=600 flags=b db=0 qbuf=5 omem=300 tot-mem=500 cmd=blpop user=me\n"
      "id=13 addr=10.0.0.8:1 age=7 idle=0 flags=S qbuf=0 omem=7 cmd=replconf\n"
      "id=14 addr=10.0.0.9:1 age=7 idle=0 flags=P qbuf=0 omem=9 cmd=subscribe\nrubbish\n\n",
      families);
  CHECK(value_of(families, "redis_clients", {{"type", "normal"}}) == 2);
  CHECK(value_of(families, "redis_clients", {{"type", "replica"}}) == 1);
  CHECK(value_of(families, "redis_clients", {{"type", "pubsub"}}) == 1);
  CHECK(value_of(families, "redis_clients", {{"type", "primary"}}) == 0);
  CHECK(value_of(families, "redis_clients_output_buffer_bytes", {{"type", "normal"}}) == 400);
  CHECK(value_of(families, "redis_clients_output_buffer_max_bytes", {{"type", "normal"}}) == 300);
  CHECK(value_of(families, "redis_clients_query_buffer_bytes", {{"type", "normal"}}) == 15);
  CHECK(value_of(families, "redis_clients_memory_bytes", {{"type", "normal"}}) == 1500);
  CHECK(value_of(families, "redis_clients_idle_max_seconds", {{"type", "normal"}}) == 600);
  CHECK(value_of(families, "redis_clients_age_max_seconds", {{"type", "normal"}}) == 6321);
  CHECK(series_of(families, "redis_clients_memory_bytes") == 3);
}
