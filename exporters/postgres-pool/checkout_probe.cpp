// SPDX-License-Identifier: Apache-2.0
#include "checkout_probe.h"

#include <algorithm>
#include <utility>

#include "collectors.h"
#include "core/log.h"

namespace binnacle::pgpool {

CheckoutProbe::CheckoutProbe(std::string target, Settings settings)
    : target_(std::move(target)), settings_(std::move(settings)), checkout_(settings_.conninfo, stop_.fd()) {
  thread_ = std::thread{[this] { run(); }};
}

CheckoutProbe::~CheckoutProbe() {
  stop_.raise();
  thread_.join();
}

void CheckoutProbe::run() {
  auto next = Clock::now() + settings_.interval;
  try {
    while (!stop_.raised_before(next)) {
      check_out_once();
      next = std::max(next + settings_.interval, Clock::now());
    }
  } catch (const CheckoutStopped&) {
    return;
  }
}

void CheckoutProbe::check_out_once() {
  CheckoutResult result;
  try {
    result = checkout_.run(settings_.timeout);
  } catch (const CheckoutStopped&) {
    throw;
  } catch (const std::exception& error) {
    result.error_class = "other";
    result.message = error.what();
  }
  log_change(result);
  record_.add(result, std::chrono::system_clock::now());
}

void CheckoutProbe::log_change(const CheckoutResult& result) {
  if (result.error_class == failing_) return;
  if (result.error_class.empty()) {
    log::info("checkouts succeed again", {{"target", target_}});
  } else {
    log::warn("checkout failed",
              {{"target", target_}, {"sqlstate_class", result.error_class}, {"error", result.message}});
  }
  failing_ = result.error_class;
}

namespace {

class CheckoutCollector final : public Collector {
 public:
  explicit CheckoutCollector(std::shared_ptr<CheckoutProbe> probe) : probe_(std::move(probe)) {}
  void collect(const ScrapeContext& /*scrape*/, Output& out) override { probe_->report(out); }

 private:
  const std::shared_ptr<CheckoutProbe> probe_;
};

}  // namespace

std::unique_ptr<Collector> make_checkout(const CollectorParts& parts) {
  if (!parts.checkout) return nullptr;
  return std::make_unique<CheckoutCollector>(parts.checkout);
}

}  // namespace binnacle::pgpool
