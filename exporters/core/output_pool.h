// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "collector.h"

namespace binnacle {

/// The outputs of one collector, used again when nobody reads them any more: one scrape's names and labels are mostly
/// the next one's, and need no new memory then.
class OutputPool : public std::enable_shared_from_this<OutputPool> {
 public:
  /// An empty output, which may outlive the pool's owner. All calls must name the same cap and target.
  std::shared_ptr<Output> take(std::size_t series_cap, const std::string& target);

 private:
  void give_back(std::unique_ptr<Output> output);

  std::mutex mutex_;
  std::unique_ptr<Output> spare_;
};

}  // namespace binnacle
