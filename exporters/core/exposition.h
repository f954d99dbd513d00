// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "page.h"

namespace binnacle {

/// A format in which a page goes over the wire.
class Exposition {
 public:
  virtual ~Exposition() = default;
  [[nodiscard]] virtual std::string_view content_type() const = 0;
  /// Appends the page to `out`.
  virtual void write(const Page& page, std::string& out) const = 0;
};

/// The Prometheus text format, version 0.0.4.
const Exposition& text_exposition();

/// OpenMetrics 1.0. A counter whose name lacks `_total` goes out as `unknown`, so that no series has another name in
/// one format than in the other.
const Exposition& openmetrics_exposition();

/// Appends a number with the fewest digits that read back equal, an exponent only below 0.0001 and above 2^53, so that
/// a bucket's `le` is spelled as the client libraries spell it: 0.0005, 1e-05, 100000, +Inf, NaN.
void append_number(double value, std::string& out);

}  // namespace binnacle
