// SPDX-License-Identifier: Apache-2.0
#include "lsn.h"

#include <catch2/catch.hpp>

using namespace binnacle::pgpool;

TEST_CASE("LSNs are bytes from the start of the WAL", "[lsn]") {
  CHECK(lsn_bytes("0/0") == 0);
  CHECK(lsn_bytes("0/3000060") == 0x3000060);
  CHECK(lsn_bytes("16/B374D848") == 0x16B374D848);
}

TEST_CASE("what is no LSN has no bytes", "[lsn]") {
  for (const auto* const text : {"", "/", "16", "16/", "/B3", "0x16/0", "G/0", "1/2/3", " 1/2"}) {
    CAPTURE(text);
    CHECK_FALSE(lsn_bytes(text));
  }
}
