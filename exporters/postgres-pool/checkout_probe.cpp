// SPDX-License-Identifier: Apache-2.0
#include "checkout_probe.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "collectors.h"
#include "core/log.h"

namespace binnacle::pgpool {

CheckoutProbe::CheckoutProbe(std::string target, Settings settings)
    : target_(std::move(target)),
      settings_(std::move(settings)),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      checkout_(settings_.conninfo, stop_.get()) {
  if (!stop_) throw std::runtime_error("no file descriptor is left for a checkout probe");
  thread_ = std::thread{[this] { run(); }};
}

CheckoutProbe::~CheckoutProbe() {
  const std::uint64_t one = 1;
  // Fails only if the counter were full.
  [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

void CheckoutProbe::run() {
  auto next = Clock::now() + settings_.interval;
  try {
    while (!stopped_before(next)) {
      check_out_once();
      next = std::max(next + settings_.interval, Clock::now());
    }
  } catch (const CheckoutStopped&) {
    return;
  }
}

bool CheckoutProbe::stopped_before(Clock::time_point time) const {
  pollfd polled{stop_.get(), POLLIN, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now()).count();
    constexpr long kLongestWait = 3'600'000;
    if (::poll(&polled, 1, static_cast<int>(std::clamp<long>(left, 0, kLongestWait))) > 0) return true;
    if (Clock::now() >= time) return false;
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
