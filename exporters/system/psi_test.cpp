// SPDX-License-Identifier: Apache-2.0
#include "psi.h"

#include <catch2/catch.hpp>

using binnacle::system::parse_psi;

TEST_CASE("a pressure file has a some and a full line", "[psi]") {
  const auto psi = parse_psi(
      "some avg10=1.25 avg60=0.50 avg300=0.12 total=98765432\n"
      "full avg10=0.75 avg60=0.25 avg300=0.06 total=12345678901\n");
  REQUIRE(psi.some);
  CHECK(psi.some->avg10 == 1.25);
  CHECK(psi.some->avg60 == 0.5);
  CHECK(psi.some->avg300 == 0.12);
  CHECK(psi.some->total_us == 98765432);
  REQUIRE(psi.full);
  CHECK(psi.full->avg10 == 0.75);
  CHECK(psi.full->total_us == 12345678901);
}

TEST_CASE("a pressure line that the kernel does not have stays unset", "[psi]") {
  const auto cpu = parse_psi("some avg10=0.00 avg60=0.00 avg300=0.00 total=7");
  CHECK(cpu.some);
  CHECK_FALSE(cpu.full);
  const auto irq = parse_psi("full avg10=0.00 avg60=0.00 avg300=0.00 total=9\n");
  CHECK_FALSE(irq.some);
  CHECK(irq.full->total_us == 9);
  const auto none = parse_psi("");
  CHECK_FALSE(none.some);
  CHECK_FALSE(none.full);
}

TEST_CASE("pressure lines of another name are passed over", "[psi]") {
  const auto psi = parse_psi("later avg10=x\n\nsome avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
  CHECK(psi.some->total_us == 1);
  CHECK_FALSE(psi.full);
}

TEST_CASE("a cut or strange pressure line is an error that names the file", "[psi]") {
  CHECK_THROWS_WITH(parse_psi("some", "cpu.pressure"),
                    "cpu.pressure: expected avg10=, the line is cut or of another form");
  CHECK_THROWS_WITH(parse_psi("some avg10=0.00 avg60=0.00 avg300=0.00"),
                    "pressure: expected total=, the line is cut or of another form");
  CHECK_THROWS_WITH(parse_psi("some avg10=0.00 avg60=0.00 avg300=0.00 total="),
                    "pressure: expected a number, got \"\"");
  CHECK_THROWS_WITH(parse_psi("full avg10=low avg60=0.00 avg300=0.00 total=1"),
                    "pressure: expected a number, got \"low\"");
  CHECK_THROWS_WITH(parse_psi("full avg10=0 avg60=0 avg300=0 total=-1"), "pressure: expected a number, got \"-1\"");
}
