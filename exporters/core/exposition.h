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

/// Appends a number in its shortest form that reads back equal: 0.1, 100000, +Inf, NaN.
void append_number(double value, std::string& out);

}  // namespace binnacle
