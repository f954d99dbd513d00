// SPDX-License-Identifier: Apache-2.0
#include "output_pool.h"

namespace binnacle {

std::shared_ptr<Output> OutputPool::take(std::size_t series_cap, const std::string& target) {
  std::unique_ptr<Output> output;
  {
    const std::scoped_lock lock{mutex_};
    output = std::move(spare_);
  }
  if (!output) {
    output = std::make_unique<Output>();
    output->families = Families{series_cap, target};
  }
  return {output.release(),
          [pool = shared_from_this()](Output* used) { pool->give_back(std::unique_ptr<Output>{used}); }};
}

void OutputPool::give_back(std::unique_ptr<Output> output) {
  output->families.reset();
  output->facts.clear();
  const std::scoped_lock lock{mutex_};
  if (!spare_) spare_ = std::move(output);
}

}  // namespace binnacle
