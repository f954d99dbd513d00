// SPDX-License-Identifier: Apache-2.0
#include "timex.h"

#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle::system;

namespace {

timex make_clock(int status) {
  timex clock{};
  clock.status = status;
  clock.offset = -2500;
  clock.freq = 65'536;
  clock.maxerror = 16'000;
  clock.esterror = 500;
  clock.constant = 7;
  clock.tick = 10'000;
  clock.ppsfreq = 131'072;
  clock.jitter = 4000;
  clock.shift = 3;
  clock.stabil = 65'536;
  clock.jitcnt = 11;
  clock.calcnt = 12;
  clock.errcnt = 13;
  clock.stbcnt = 14;
  clock.tai = 37;
  return clock;
}

}  // namespace

TEST_CASE("adjtimex's numbers become seconds and ratios", "[timex]") {
  binnacle::Output out;
  export_timex(make_clock(STA_PLL), TIME_OK, out);
  CHECK(value_of(out, "node_timex_sync_status") == 1.0);
  CHECK(value_of(out, "node_timex_offset_seconds") == Approx(-0.0025));
  CHECK(value_of(out, "node_timex_frequency_adjustment_ratio") == Approx(1.000001).epsilon(1e-12));
  CHECK(value_of(out, "node_timex_maxerror_seconds") == Approx(0.016));
  CHECK(value_of(out, "node_timex_estimated_error_seconds") == Approx(0.0005));
  CHECK(value_of(out, "node_timex_status") == static_cast<double>(STA_PLL));
  CHECK(value_of(out, "node_timex_loop_time_constant") == 7.0);
  CHECK(value_of(out, "node_timex_tick_seconds") == Approx(0.01));
  CHECK(value_of(out, "node_timex_pps_frequency_hertz") == Approx(2e-6));
  CHECK(value_of(out, "node_timex_pps_jitter_seconds") == Approx(0.004));
  CHECK(value_of(out, "node_timex_pps_shift_seconds") == 3.0);
  CHECK(value_of(out, "node_timex_pps_stability_hertz") == Approx(1e-6));
  CHECK(value_of(out, "node_timex_pps_jitter_total") == 11.0);
  CHECK(value_of(out, "node_timex_pps_calibration_total") == 12.0);
  CHECK(value_of(out, "node_timex_pps_error_total") == 13.0);
  CHECK(value_of(out, "node_timex_pps_stability_exceeded_total") == 14.0);
  CHECK(value_of(out, "node_timex_tai_offset_seconds") == 37.0);
  CHECK(find_family(out, "node_timex_pps_error_total")->type == prometheus::MetricType::Counter);
  CHECK(out.families.series() == 17);
  CHECK(fact_of(out, "clock_unsynchronised") == 0.0);
  CHECK(fact_of(out, "clock_offset_seconds") == Approx(0.0025));
}

TEST_CASE("a clock in nanoseconds, and one that is not synchronised", "[timex]") {
  binnacle::Output out;
  export_timex(make_clock(STA_NANO | STA_UNSYNC), TIME_ERROR, out);
  CHECK(value_of(out, "node_timex_sync_status") == 0.0);
  CHECK(value_of(out, "node_timex_offset_seconds") == Approx(-2.5e-6));
  CHECK(value_of(out, "node_timex_pps_jitter_seconds") == Approx(4e-6));
  CHECK(value_of(out, "node_timex_maxerror_seconds") == Approx(0.016));
  CHECK(fact_of(out, "clock_unsynchronised") == 1.0);
}

TEST_CASE("the timex collector asks the kernel", "[timex]") {
  try {
    const auto out = collect_once(*make_timex({}));
    CHECK(out.families.series() == 17);
    const auto tick = value_of(out, "node_timex_tick_seconds");
    REQUIRE(tick);
    CHECK(*tick > 0);
  } catch (const binnacle::NotApplicable& reason) {
    WARN("not checked here: " << reason.what());
  }
}
