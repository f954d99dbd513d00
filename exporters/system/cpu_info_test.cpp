// SPDX-License-Identifier: Apache-2.0
#include "cpu_info.h"

#include <catch2/catch.hpp>

using binnacle::system::parse_cpu_info;

TEST_CASE("cpuinfo as x86 writes it", "[cpu_info]") {
  const auto cpus = parse_cpu_info(
      "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: EPYC: a name\n"
      "stepping\t: 1\nmicrocode\t: 0xa0011d1\ncpu MHz\t\t: 2445.404\ncache size\t: 512 KB\nphysical id\t: 0\ncore "
      "id\t\t: 3\n"
      "flags\t\t: fpu vme\nbugs\t\t: sysret_ss_attrs\npower management:\n\nprocessor\t: 1\ncore id\t\t: 4\n");
  REQUIRE(cpus.size() == 2);
  CHECK(cpus[0].cpu == "0");
  CHECK(cpus[0].vendor == "AuthenticAMD");
  CHECK(cpus[0].family == "25");
  CHECK(cpus[0].model == "1");
  CHECK(cpus[0].model_name == "EPYC: a name");
  CHECK(cpus[0].stepping == "1");
  CHECK(cpus[0].microcode == "0xa0011d1");
  CHECK(cpus[0].cache_size == "512 KB");
  CHECK(cpus[0].package == "0");
  CHECK(cpus[0].core == "3");
  CHECK(cpus[0].flags == "fpu vme");
  CHECK(cpus[0].bugs == "sysret_ss_attrs");
  CHECK(cpus[0].mhz == 2445.404);
  CHECK(cpus[1].cpu == "1");
  CHECK(cpus[1].core == "4");
  CHECK(cpus[1].vendor.empty());
  CHECK_FALSE(cpus[1].mhz);
}

TEST_CASE("cpuinfo as other platforms write it", "[cpu_info]") {
  const auto arm = parse_cpu_info("processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n");
  REQUIRE(arm.size() == 1);
  CHECK(arm[0].flags == "fp asimd");
  CHECK(arm[0].vendor.empty());
  CHECK_FALSE(arm[0].mhz);

  const auto power = parse_cpu_info("processor\t: 5\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 2900.000000MHz\n");
  REQUIRE(power.size() == 1);
  CHECK(power[0].cpu == "5");
  CHECK(power[0].vendor == "POWER9, altivec supported");
  CHECK(power[0].mhz == 2900.0);

  const auto riscv = parse_cpu_info("processor\t: 1\nhart\t\t: 2\nisa\t\t: rv64imafdc\n");
  CHECK(riscv[0].core == "2");
  CHECK(riscv[0].model_name == "rv64imafdc");
}

TEST_CASE("a cpuinfo without processors, or with a number that is none, is an error", "[cpu_info]") {
  CHECK_THROWS_WITH(parse_cpu_info(""), "cpuinfo: no line \"processor : <number>\"");
  CHECK_THROWS_WITH(parse_cpu_info("vendor_id : x\n"), "cpuinfo: no line \"processor : <number>\"");
  CHECK_THROWS_WITH(parse_cpu_info("processor : x\n"), "cpuinfo: processor: expected a number, got \"x\"");
  CHECK_THROWS_WITH(parse_cpu_info("processor : 0\ncpu MHz : fast\n"),
                    "cpuinfo: clock: expected a number, got \"fast\"");
}
