// SPDX-License-Identifier: Apache-2.0
// A packet of DogStatsD lines that tell of breakers.
#include <cmath>
#include <string_view>
#include <utility>

#include "circuit-breaker/push.h"
#include "core/statsd_parser.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

/// Checks what the sink hands on.
class CheckingTarget final : public PushTarget {
 public:
  explicit CheckingTarget(std::string_view packet) : packet_(packet) {}

  void lock() override { require(!std::exchange(locked_, true), "it is locked once"); }
  void unlock() override { require(std::exchange(locked_, false), "it is unlocked once"); }

  void state(const BreakerIdView& id, BreakerState state, Moment /*now*/) override {
    check(id);
    require(index_of(state) < kBreakerStateCount, "a state is one of them");
    ++checks;
  }
  void call(const BreakerIdView& id, CallResult result, std::optional<double> seconds, std::uint32_t count,
            Moment /*now*/) override {
    check(id);
    require(index_of(result) < kCallResultCount, "a result is one of them");
    require(count >= 1 && count <= kPushMaxCalls, "a number of calls is bounded");
    require(!seconds || (std::isfinite(*seconds) && *seconds >= 0), "a duration is a number");
    ++values;
  }
  void setting(const BreakerIdView& id, Number number, double value, Moment /*now*/) override {
    check(id);
    require(static_cast<std::size_t>(number) < kNumberCount, "a number is one of them");
    require(std::isfinite(value) && value >= 0, "a setting is a number");
    ++values;
  }
  [[nodiscard]] bool locked() const { return locked_; }

  std::uint64_t checks = 0;
  std::uint64_t values = 0;

 private:
  void check(const BreakerIdView& id) const {
    require(locked_, "it is locked");
    require(!id.breaker.empty(), "a breaker has a name");
    for (const auto text : {id.breaker, id.instance}) {
      if (text.empty()) continue;
      require(text.data() >= packet_.data() && text.data() + text.size() <= packet_.data() + packet_.size(),
              "a text is borrowed from the packet");
      require(text.find('\n') == std::string_view::npos, "a text is of one line");
    }
  }

  std::string_view packet_;
  bool locked_ = false;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = as_text(data, size);
  CheckingTarget target{packet};
  PushSink sink{target};
  StatsdParser parser;
  StatsdCounts counts;
  sink.begin_batch(Clock::time_point{});
  parser.parse(packet, sink, counts);
  sink.end_batch();
  require(!target.locked(), "it is unlocked at the end");
  std::uint64_t faults = 0;
  for (const auto count : sink.faults()) faults += count;
  require(target.checks <= counts.checks && target.values <= counts.values, "what is handed on was there");
  require(target.checks + faults <= counts.checks + counts.metrics, "a line is refused once");
  return 0;
}
