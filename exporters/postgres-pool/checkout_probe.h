// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "checkout.h"
#include "checkout_record.h"
#include "core/stop_signal.h"

namespace binnacle::pgpool {

/// Checks a connection of one target out at an interval, on a thread of its own, whether anybody scrapes or not. The
/// first time after one interval. One connection at a time: a checkout that takes longer than the interval makes the
/// next one come later.
class CheckoutProbe {
 public:
  struct Settings {
    Conninfo conninfo;
    std::chrono::milliseconds interval;
    std::chrono::milliseconds timeout;  ///< of one checkout
  };

  /// `target` is its name, for the log. Throws std::runtime_error when no descriptor is left.
  CheckoutProbe(std::string target, Settings settings);
  /// Ends a checkout that is under way; only a name server's answer is waited for.
  ~CheckoutProbe();
  CheckoutProbe(const CheckoutProbe&) = delete;
  CheckoutProbe& operator=(const CheckoutProbe&) = delete;

  void report(Output& out) const { record_.add_to(out); }

 private:
  void run();
  void check_out_once();
  void log_change(const CheckoutResult& result);

  const std::string target_;
  const Settings settings_;
  const StopSignal stop_;
  CheckoutRecord record_;
  Checkout checkout_;
  std::string failing_;  // the error class of the last checkout; empty when it succeeded
  std::thread thread_;
};

}  // namespace binnacle::pgpool
