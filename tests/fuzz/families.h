// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/exposition.h"
#include "core/families.h"
#include "core/page.h"
#include "core/text.h"
#include "fuzz.h"

namespace binnacle::fuzz {

/// Whatever a parser made of its input, it can be shown: series are well-formed, and histograms and summaries agree
/// with themselves. A series may be there twice, if its source has it twice.
inline void require_sound(Families families) {
  for (const auto& family : families.all()) {
    for (const auto& metric : family.series()) {
      require(!std::isnan(metric.gauge.value + metric.counter.value + metric.histogram.sample_sum),
              "what is unknown is absent, not NaN");
      std::uint64_t last = 0;
      for (const auto& bucket : metric.histogram.bucket) {
        require(bucket.cumulative_count >= last, "buckets do not fall");
        last = bucket.cumulative_count;
      }
      require(metric.histogram.sample_count == last, "the count is that of all buckets");
    }
  }
  std::vector<Dropped> dropped;
  const Page page{{std::make_shared<const Families>(std::move(families))}, &dropped};
  require(dropped.at(0).malformed == 0, "names and labels are valid, and a family has one type");
  for (const auto* const exposition : {&text_exposition(), &openmetrics_exposition()}) {
    std::string text;
    exposition->write(page, text);
    require(is_utf8(text), "a page is UTF-8");
  }
}

}  // namespace binnacle::fuzz
