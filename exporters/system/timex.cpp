// SPDX-License-Identifier: Apache-2.0
#include "timex.h"

#include <cerrno>
#include <cmath>
#include <memory>
#include <string_view>
#include <system_error>

#include "collectors.h"

namespace binnacle::system {

namespace {

constexpr double kMicro = 1e6;
constexpr double kNano = 1e9;
/// Frequencies are parts per million with 16 bits of fraction.
constexpr double kScaledPpm = 1e6 * 65536.0;

class TimexCollector final : public Collector {
 public:
  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    timex clock{};
    const int state = ::adjtimex(&clock);
    if (state < 0) {
      if (errno == EPERM || errno == EACCES || errno == ENOSYS) throw NotApplicable("adjtimex is not allowed here");
      throw std::system_error(errno, std::generic_category(), "adjtimex");
    }
    export_timex(clock, state, out);
  }
};

}  // namespace

void export_timex(const timex& clock, int state, Output& out) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  const double unit = (clock.status & STA_NANO) != 0 ? kNano : kMicro;
  const bool synchronised = state != TIME_ERROR;
  const double offset = number(clock.offset) / unit;
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    out.families.gauge(name, help).add(value);
  };
  const auto counter = [&](std::string_view name, std::string_view help, double value) {
    out.families.counter(name, help).add(value);
  };

  gauge("node_timex_sync_status", "1 if the kernel holds the clock to be synchronised, else 0, from adjtimex.",
        synchronised ? 1 : 0);
  gauge("node_timex_offset_seconds", "Time by which the clock is off its reference, from adjtimex.", offset);
  gauge("node_timex_frequency_adjustment_ratio", "Speed that the clock is run at, against its own, from adjtimex.",
        1 + number(clock.freq) / kScaledPpm);
  gauge("node_timex_maxerror_seconds", "Most that the clock can be wrong by, from adjtimex.",
        number(clock.maxerror) / kMicro);
  gauge("node_timex_estimated_error_seconds", "What the clock is thought to be wrong by, from adjtimex.",
        number(clock.esterror) / kMicro);
  gauge("node_timex_status", "The STA_* bits of the clock, from adjtimex.", number(clock.status));
  gauge("node_timex_loop_time_constant", "Time constant of the phase-locked loop, from adjtimex.",
        number(clock.constant));
  gauge("node_timex_tick_seconds", "Time between two ticks of the clock, from adjtimex.", number(clock.tick) / kMicro);
  gauge("node_timex_pps_frequency_hertz", "Frequency of the pulse per second, from adjtimex.",
        number(clock.ppsfreq) / kScaledPpm);
  gauge("node_timex_pps_jitter_seconds", "Jitter of the pulse per second, from adjtimex.", number(clock.jitter) / unit);
  gauge("node_timex_pps_shift_seconds", "Interval of the pulse per second's calibration, from adjtimex.",
        number(clock.shift));
  gauge("node_timex_pps_stability_hertz", "Mean change of the pulse per second's frequency, from adjtimex.",
        number(clock.stabil) / kScaledPpm);
  counter("node_timex_pps_jitter_total", "Pulses with more jitter than allowed, from adjtimex.", number(clock.jitcnt));
  counter("node_timex_pps_calibration_total", "Calibration intervals of the pulse per second, from adjtimex.",
          number(clock.calcnt));
  counter("node_timex_pps_error_total", "Failed calibrations of the pulse per second, from adjtimex.",
          number(clock.errcnt));
  counter("node_timex_pps_stability_exceeded_total",
          "Times that the pulse per second's frequency changed more than allowed, from adjtimex.",
          number(clock.stbcnt));
  gauge("node_timex_tai_offset_seconds", "Seconds from UTC to atomic time (TAI), from adjtimex.", number(clock.tai));

  out.fact("clock_unsynchronised", synchronised ? 0 : 1);
  out.fact("clock_offset_seconds", std::abs(offset));
}

std::unique_ptr<Collector> make_timex(const Paths& /*paths*/) { return std::make_unique<TimexCollector>(); }

}  // namespace binnacle::system
