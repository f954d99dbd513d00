// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_type.h>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::system {

/// A series of a text file. `metric.label` is sorted by name, without `le` and `quantile`; `metric.timestamp_ms` is 0.
struct TextSeries {
  prometheus::ClientMetric metric;
  std::size_t line = 0;  ///< of its first sample
};

/// A metric family of a text file, with at least one series.
struct TextFamily {
  std::string name;
  std::optional<std::string> help;
  prometheus::MetricType type = prometheus::MetricType::Untyped;
  std::vector<TextSeries> series;
};

/// What is wrong with a text file, and on which line (from 1).
class TextfileError : public std::runtime_error {
 public:
  TextfileError(std::size_t line, const std::string& message) : std::runtime_error(message), line_(line) {}
  [[nodiscard]] std::size_t line() const { return line_; }

 private:
  std::size_t line_;
};

/// Reads the text exposition format 0.0.4, in the order of the families' first lines.
///
/// Samples of one histogram or summary become one series. As in node_exporter, series of a family that lack a label
/// which others of it have get it with an empty value, time stamps are an error, and the last line needs its newline.
/// Throws TextfileError. Series are not checked for duplicates.
std::vector<TextFamily> parse_textfile(std::string_view text);

}  // namespace binnacle::system
