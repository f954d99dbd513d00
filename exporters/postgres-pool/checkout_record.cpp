// SPDX-License-Identifier: Apache-2.0
#include "checkout_record.h"

#include <algorithm>
#include <string>
#include <vector>

namespace binnacle::pgpool {

namespace {

/// How many checkouts the facts look back on: with the default interval, under two minutes.
constexpr std::size_t kRecent = 20;

using Seconds = std::chrono::duration<double>;

void add_histogram(const CheckoutHistogram& histogram, std::string_view phase, Family family) {
  auto metric = histogram.collect();
  metric.label.push_back({"phase", std::string{phase}});
  family.add(std::move(metric));
}

}  // namespace

void CheckoutRecord::add(const CheckoutResult& result, std::chrono::system_clock::time_point now) {
  const std::scoped_lock lock{mutex_};
  ++attempts_;
  for (std::size_t phase = 0; phase < phases_.size(); ++phase) {
    if (result.phases[phase]) phases_[phase].observe(Seconds{*result.phases[phase]});
  }
  if (result.total) total_.observe(Seconds{*result.total});
  if (result.error_class.empty()) {
    last_success_ = Seconds(now.time_since_epoch()).count();
  } else {
    const auto* const row = std::find(kCheckoutErrors.begin(), kCheckoutErrors.end(), result.error_class);
    if (row != kCheckoutErrors.end()) ++errors_[static_cast<std::size_t>(row - kCheckoutErrors.begin())];
  }
  recent_.push_back({!result.error_class.empty(), result.total});
  if (recent_.size() > kRecent) recent_.pop_front();
}

void CheckoutRecord::add_to(Output& out) const {
  const std::scoped_lock lock{mutex_};
  auto durations = out.families.histogram(
      "pg_pool_checkout_duration_seconds",
      "What checking a connection out takes, in seconds: to connect and log in, to wait for the pool (BEGIN), and to "
      "query (SELECT 1). One that runs out of time counts with the time until then, other failures not at all.");
  for (std::size_t phase = 0; phase < phases_.size(); ++phase) {
    add_histogram(phases_[phase], kCheckoutPhases[phase], durations);
  }
  add_histogram(total_, "total", durations);
  out.families.counter("pg_pool_checkout_attempts_total", "Connections that the probe tried to check out.")
      .add(attempts_);
  auto errors = out.families.counter("pg_pool_checkout_errors_total",
                                     "Checkouts that failed, by the first two characters of their SQLSTATE; 08 also "
                                     "for connections refused or lost without one.");
  for (std::size_t row = 0; row < errors_.size(); ++row)
    errors.add({{"sqlstate_class", kCheckoutErrors[row]}}, errors_[row]);
  if (last_success_) {
    out.families
        .gauge("pg_pool_checkout_last_success_timestamp_seconds",
               "When a checkout last succeeded, in Unix seconds; absent before the first one.")
        .add(*last_success_);
  }
  add_facts(out);
}

void CheckoutRecord::add_facts(Output& out) const {
  if (recent_.empty()) return;
  const auto failed = std::count_if(recent_.begin(), recent_.end(), [](const auto& one) { return one.failed; });
  out.fact("checkout_error_ratio", static_cast<double>(failed) / static_cast<double>(recent_.size()));
  std::vector<double> taken;
  for (const auto& one : recent_) {
    if (one.seconds) taken.push_back(*one.seconds);
  }
  if (taken.empty()) return;
  const auto middle = taken.begin() + static_cast<std::ptrdiff_t>(taken.size() / 2);
  std::nth_element(taken.begin(), middle, taken.end());
  out.fact("checkout_seconds", *middle);
}

}  // namespace binnacle::pgpool
