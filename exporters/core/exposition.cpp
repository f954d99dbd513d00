// SPDX-License-Identifier: Apache-2.0
#include "exposition.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "text.h"

namespace binnacle {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

/// Whole numbers up to here are written without an exponent; every one is exact in a double.
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr double kSmallestFixed = 1e-4;

constexpr std::string_view kTotal = "_total";

template <typename Number, typename... Format>
void append_chars(Number value, std::string& out, Format... format) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format...).ptr;
  out.append(text.data(), end);
}

enum class Quotes { keep, escape };

/// Nearly every text has none, so the loop has no early way out: so it is done 16 bytes at a time.
bool has_special(std::string_view text) {
  bool found = false;
  for (const char c : text) found |= static_cast<bool>((c == '\\') | (c == '\n') | (c == '"'));
  return found;
}

void append_escaped(std::string_view text, Quotes quotes, std::string& out) {
  if (!has_special(text)) {
    out += text;
    return;
  }
  for (;;) {
    const auto special = text.find_first_of("\\\n\"");
    out += text.substr(0, special);
    if (special == std::string_view::npos) return;
    switch (text[special]) {
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += quotes == Quotes::escape ? "\\\"" : "\"";
    }
    text.remove_prefix(special + 1);
  }
}

/// A label that the format itself adds: `le` of a bucket, `quantile` of a summary.
struct ExtraLabel {
  std::string_view name;
  std::string_view value;
};

void append_labels(const ClientMetric& metric, const ExtraLabel* extra, std::string& out) {
  if (metric.label.empty() && extra == nullptr) return;
  char before = '{';
  const auto append = [&](std::string_view name, std::string_view value) {
    out += before;
    before = ',';
    out += name;
    out += "=\"";
    append_escaped(value, Quotes::escape, out);
    out += '"';
  };
  for (const auto& label : metric.label) append(label.name, label.value);
  if (extra != nullptr) append(extra->name, extra->value);
  out += '}';
}

/// Both formats are lines of `name{labels} value [timestamp]`; what differs is virtual here.
class LineExposition : public Exposition {
 public:
  void write(const Page& page, std::string& out) const override {
    for (const auto& family : page.families()) {
      write_head(family, out);
      for (const auto* metric : family.series) write_metric(family, *metric, out);
    }
    write_end(out);
  }

 protected:
  virtual void write_head(const PageFamily& family, std::string& out) const = 0;
  virtual void append_bound(double bound, std::string& out) const = 0;
  virtual void append_timestamp(std::int64_t milliseconds, std::string& out) const = 0;
  virtual void write_end(std::string& out) const = 0;

 private:
  template <typename Number>
  void write_line(const PageFamily& family, std::string_view suffix, const ClientMetric& metric,
                  const ExtraLabel* extra, Number value, std::string& out) const {
    out += family.name;
    out += suffix;
    append_labels(metric, extra, out);
    out += ' ';
    if constexpr (std::is_same_v<Number, double>) {
      append_number(value, out);
    } else {
      append_chars(value, out);
    }
    if (metric.timestamp_ms != 0) append_timestamp(metric.timestamp_ms, out);
    out += '\n';
  }

  void write_metric(const PageFamily& family, const ClientMetric& metric, std::string& out) const {
    switch (family.type) {
      case MetricType::Counter:
        return write_line(family, {}, metric, nullptr, metric.counter.value, out);
      case MetricType::Gauge:
        return write_line(family, {}, metric, nullptr, metric.gauge.value, out);
      case MetricType::Histogram:
        return write_histogram(family, metric, out);
      case MetricType::Summary:
        return write_summary(family, metric, out);
      case MetricType::Untyped:
        break;
    }
    write_line(family, {}, metric, nullptr, metric.untyped.value, out);
  }

  void write_histogram(const PageFamily& family, const ClientMetric& metric, std::string& out) const {
    // All lines of buckets begin with the same words, which are most of the line: `name_bucket{cmd="get",le="`.
    constexpr ExtraLabel kBound{"le", ""};
    constexpr std::size_t kEnd = std::string_view{"\"}"}.size();
    std::string begin{family.name};
    begin += "_bucket";
    append_labels(metric, &kBound, begin);
    begin.resize(begin.size() - kEnd);
    const auto write_bucket = [&](double bound, std::uint64_t count) {
      out += begin;
      append_bound(bound, out);
      out += "\"} ";
      append_chars(count, out);
      if (metric.timestamp_ms != 0) append_timestamp(metric.timestamp_ms, out);
      out += '\n';
    };
    bool infinite = false;
    for (const auto& bucket : metric.histogram.bucket) {
      infinite = infinite || std::isinf(bucket.upper_bound);
      write_bucket(bucket.upper_bound, bucket.cumulative_count);
    }
    if (!infinite) write_bucket(std::numeric_limits<double>::infinity(), metric.histogram.sample_count);
    write_line(family, "_sum", metric, nullptr, metric.histogram.sample_sum, out);
    write_line(family, "_count", metric, nullptr, metric.histogram.sample_count, out);
  }

  void write_summary(const PageFamily& family, const ClientMetric& metric, std::string& out) const {
    std::string rank;
    for (const auto& quantile : metric.summary.quantile) {
      rank.clear();
      append_bound(quantile.quantile, rank);
      const ExtraLabel label{"quantile", rank};
      write_line(family, {}, metric, &label, quantile.value, out);
    }
    write_line(family, "_sum", metric, nullptr, metric.summary.sample_sum, out);
    write_line(family, "_count", metric, nullptr, metric.summary.sample_count, out);
  }
};

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    case MetricType::Summary:
      return "summary";
    case MetricType::Untyped:
      break;
  }
  return "untyped";
}

void append_comment(std::string_view keyword, std::string_view name, std::string& out) {
  out += "# ";
  out += keyword;
  out += ' ';
  out += name;
  out += ' ';
}

void append_help(std::string_view help, Quotes quotes, std::string& out) {
  if (is_utf8(help)) {
    append_escaped(help, quotes, out);
  } else {
    append_escaped(to_utf8(help), quotes, out);
  }
  out += '\n';
}

class TextExposition final : public LineExposition {
 public:
  [[nodiscard]] std::string_view content_type() const override { return "text/plain; version=0.0.4; charset=utf-8"; }

 protected:
  void write_head(const PageFamily& family, std::string& out) const override {
    append_comment("HELP", family.name, out);
    append_help(family.help, Quotes::keep, out);
    append_comment("TYPE", family.name, out);
    out += type_name(family.type);
    out += '\n';
  }
  void append_bound(double bound, std::string& out) const override { append_number(bound, out); }
  void append_timestamp(std::int64_t milliseconds, std::string& out) const override {
    out += ' ';
    append_chars(milliseconds, out);
  }
  void write_end(std::string& /*out*/) const override {}
};

class OpenMetricsExposition final : public LineExposition {
 public:
  [[nodiscard]] std::string_view content_type() const override {
    return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }

 protected:
  void write_head(const PageFamily& family, std::string& out) const override {
    std::string_view name = family.name;
    std::string_view type = type_name(family.type);
    if (family.type == MetricType::Counter && name.ends_with(kTotal)) {
      name.remove_suffix(kTotal.size());
    } else if (family.type == MetricType::Counter || family.type == MetricType::Untyped) {
      type = "unknown";
    }
    append_comment("HELP", name, out);
    append_help(family.help, Quotes::escape, out);
    append_comment("TYPE", name, out);
    out += type;
    out += '\n';
  }
  void append_bound(double bound, std::string& out) const override {
    const auto start = out.size();
    append_number(bound, out);
    if (out.find_first_not_of("-0123456789", start) == std::string::npos) out += ".0";
  }
  void append_timestamp(std::int64_t milliseconds, std::string& out) const override {
    out += ' ';
    append_number(static_cast<double>(milliseconds) / 1000, out);
  }
  void write_end(std::string& out) const override { out += "# EOF\n"; }
};

}  // namespace

void append_number(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::abs(value) > kExactIntegers) {
    append_chars(value, out);
  } else if (value == std::trunc(value)) {
    append_chars(static_cast<std::int64_t>(value), out);
  } else if (std::abs(value) < kSmallestFixed) {
    append_chars(value, out, std::chars_format::scientific);
  } else {
    append_chars(value, out, std::chars_format::fixed);
  }
}

const Exposition& text_exposition() {
  static const TextExposition exposition;
  return exposition;
}

const Exposition& openmetrics_exposition() {
  static const OpenMetricsExposition exposition;
  return exposition;
}

}  // namespace binnacle
