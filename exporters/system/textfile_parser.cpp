// SPDX-License-Identifier: Apache-2.0
#include "textfile_parser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>

#include "core/text.h"
#include "textfile_labels.h"

namespace binnacle::system {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

constexpr std::array<std::pair<std::string_view, MetricType>, 5> kTypes{{{"counter", MetricType::Counter},
                                                                         {"gauge", MetricType::Gauge},
                                                                         {"histogram", MetricType::Histogram},
                                                                         {"summary", MetricType::Summary},
                                                                         {"untyped", MetricType::Untyped}}};

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
}

std::string_view take_token(std::string_view& rest) {
  const auto token = rest.substr(0, std::min(rest.find_first_of(" \t"), rest.size()));
  rest.remove_prefix(token.size());
  return token;
}

enum class NameOf { metric, label };

/// A name off the front of `rest`; empty when there is none. Only names of metrics have colons.
std::string_view take_name(std::string_view& rest, NameOf kind) {
  std::size_t length = 0;
  while (length < rest.size()) {
    const char c = rest[length];
    if (!starts_name(c) && !(kind == NameOf::metric && c == ':') && !(length > 0 && is_digit(c))) break;
    ++length;
  }
  const auto name = rest.substr(0, length);
  rest.remove_prefix(length);
  return name;
}

/// As Go reads a value: NaN has no sign, and nothing follows it in brackets.
std::optional<double> to_value(std::string_view text) {
  if (text.find('(') != std::string_view::npos) return std::nullopt;
  if (text.size() > 1 && (text[0] == '+' || text[0] == '-') && (text[1] == 'n' || text[1] == 'N')) return std::nullopt;
  return to_double(text);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); });
}

/// Which part of a histogram or summary a sample is. `value`: a bucket, a quantile, or all of a plain metric.
enum class Part { value, sum, count };

struct Sample {
  std::size_t family = 0;
  Part part = Part::value;
  std::vector<ClientMetric::Label> labels;
  /// The text of `le` or `quantile`.
  std::optional<std::string> bound;
};

class Parser {
 public:
  std::vector<TextFamily> parse(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const auto end = text.find('\n');
      if (end == std::string_view::npos) {
        skip_blanks(text);
        if (!text.empty()) fail("expected a newline at the file's end, which may be half written");
        break;
      }
      parse_line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    return finish();
  }

 private:
  struct Open {
    TextFamily family;
    bool has_type = false;  ///< from a TYPE line, or because a sample came first
  };

  [[noreturn]] void fail(const std::string& message) const { throw TextfileError{line_, message}; }
  [[noreturn]] void expected(const std::string& what, std::string_view got) const {
    fail("expected " + what + ", got " + (got.empty() ? "the end of the line" : quoted(got)));
  }

  void parse_line(std::string_view line) {
    skip_blanks(line);
    if (line.empty()) return;
    if (line.front() == '#') {
      line.remove_prefix(1);
      parse_comment(line);
    } else {
      parse_sample(line);
    }
  }

  void parse_comment(std::string_view rest) {
    skip_blanks(rest);
    const auto keyword = take_token(rest);
    if (keyword != "HELP" && keyword != "TYPE") return;
    skip_blanks(rest);
    if (rest.empty()) return;
    const auto whole = rest;
    const auto name = take_name(rest, NameOf::metric);
    if (name.empty() || (!rest.empty() && !is_blank(rest.front()))) expected("a metric name", whole);
    skip_blanks(rest);
    if (rest.empty()) return;
    Part part{};
    Open& open = families_[family_of(name, part)];
    if (keyword == "HELP") {
      if (open.family.help) fail("expected one HELP line for " + open.family.name + ", got a second");
      open.family.help = parse_help(rest);
    } else {
      if (open.has_type) {
        fail("expected one TYPE line for " + open.family.name + ", before its samples, got a second or a late one");
      }
      open.family.type = parse_type(rest);
      open.has_type = true;
    }
  }

  std::string parse_help(std::string_view text) const {
    std::string help;
    help.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        help += text[i];
        continue;
      }
      const char next = ++i < text.size() ? text[i] : '\0';
      if (next != '\\' && next != 'n') expected("\\\\ or \\n in a HELP text", text.substr(i - 1, 2));
      help += next == 'n' ? '\n' : '\\';
    }
    if (!is_utf8(help)) expected("valid UTF-8 in a HELP text", text);
    return help;
  }

  MetricType parse_type(std::string_view text) const {
    for (const auto& [name, type] : kTypes) {
      if (equals_ignoring_case(text, name)) return type;
    }
    expected("counter, gauge, histogram, summary or untyped", text);
  }

  /// The family that a name belongs to, and as which part of it; a new family when there is none.
  std::size_t family_of(std::string_view name, Part& part) {
    part = Part::value;
    if (const auto known = by_name_.find(std::string{name}); known != by_name_.end()) return known->second;
    for (const auto& [suffix, meaning] :
         {std::pair<std::string_view, Part>{"_sum", Part::sum}, {"_count", Part::count}, {"_bucket", Part::value}}) {
      if (!name.ends_with(suffix)) continue;
      const auto base = by_name_.find(std::string{name.substr(0, name.size() - suffix.size())});
      if (base == by_name_.end()) continue;
      const auto type = families_[base->second].family.type;
      if (type == MetricType::Histogram || (type == MetricType::Summary && suffix != "_bucket")) {
        part = meaning;
        return base->second;
      }
    }
    by_name_.emplace(name, families_.size());
    families_.emplace_back().family.name = name;
    return families_.size() - 1;
  }

  void parse_sample(std::string_view rest) {
    const auto whole = rest;
    if (rest.back() == '\r') fail("expected lines that end with a newline alone, got a carriage return before it");
    const auto name = take_name(rest, NameOf::metric);
    if (name.empty()) expected("a metric name", whole);
    if (rest.empty() || (!is_blank(rest.front()) && rest.front() != '{')) {
      expected("labels or a value after " + std::string{name}, rest);
    }
    Sample sample;
    sample.family = family_of(name, sample.part);
    families_[sample.family].has_type = true;
    skip_blanks(rest);
    if (rest.starts_with('{')) {
      rest.remove_prefix(1);
      parse_labels(rest, sample);
      skip_blanks(rest);
    }
    const auto number = take_token(rest);
    const auto value = to_value(number);
    if (!value) expected("a number as value", number);
    skip_blanks(rest);
    if (!rest.empty()) {
      if (to_i64(rest)) fail("expected no time stamp: a text file's samples count as taken at the scrape");
      expected("the end of the line after the value", rest);
    }
    add(std::move(sample), name, *value);
  }

  void parse_labels(std::string_view& rest, Sample& sample) {
    const auto type = families_[sample.family].family.type;
    for (;;) {
      skip_blanks(rest);
      if (rest.starts_with('}')) break;
      const auto name = take_name(rest, NameOf::label);
      if (name.empty()) expected("a label's name", rest);
      if (name == "__name__") fail("expected another label than __name__, which is reserved");
      skip_blanks(rest);
      if (!rest.starts_with('=')) expected("= after the label " + std::string{name}, rest);
      rest.remove_prefix(1);
      skip_blanks(rest);
      auto value = parse_label_value(name, rest);
      if ((type == MetricType::Histogram && name == "le") || (type == MetricType::Summary && name == "quantile")) {
        if (sample.bound) fail("expected the label " + std::string{name} + " once, got it twice");
        sample.bound = std::move(value);
      } else {
        sample.labels.push_back({std::string{name}, std::move(value)});
      }
      skip_blanks(rest);
      if (rest.starts_with('}')) break;
      if (!rest.starts_with(',')) expected(", or } after the label " + std::string{name}, rest);
      rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
    std::sort(sample.labels.begin(), sample.labels.end());
    const auto twice = std::adjacent_find(sample.labels.begin(), sample.labels.end(),
                                          [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twice != sample.labels.end()) fail("expected the label " + twice->name + " once, got it twice");
  }

  std::string parse_label_value(std::string_view name, std::string_view& rest) const {
    if (!rest.starts_with('"')) expected("\" before the value of the label " + std::string{name}, rest);
    std::string value;
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] != '\\') {
        value += rest[i];
        continue;
      }
      const char next = ++i < rest.size() ? rest[i] : '\0';
      if (next != '\\' && next != 'n' && next != '"') {
        expected(R"(\\, \n or \" in the value of the label )" + std::string{name}, rest.substr(i - 1, 2));
      }
      value += next == 'n' ? '\n' : next;
    }
    if (i >= rest.size()) expected("\" after the value of the label " + std::string{name}, {});
    rest.remove_prefix(i + 1);
    if (!is_utf8(value)) expected("valid UTF-8 in the value of the label " + std::string{name}, value);
    return value;
  }

  void add(Sample sample, std::string_view name, double value) {
    auto& family = families_[sample.family].family;
    if (family.type == MetricType::Histogram || family.type == MetricType::Summary) {
      auto& metric = grouped_series(family, sample);
      if (family.type == MetricType::Histogram) {
        add_to_histogram(metric.histogram, sample, name, value);
      } else {
        add_to_summary(metric.summary, sample, name, value);
      }
      return;
    }
    auto& metric = family.series.emplace_back(TextSeries{{}, line_}).metric;
    metric.label = std::move(sample.labels);
    switch (family.type) {
      case MetricType::Counter:
        metric.counter.value = value;
        break;
      case MetricType::Gauge:
        metric.gauge.value = value;
        break;
      default:
        metric.untyped.value = value;
    }
  }

  ClientMetric& grouped_series(TextFamily& family, Sample& sample) {
    std::string key = std::to_string(sample.family);
    for (const auto& label : sample.labels) ((key += '\xFF') += label.name) += '\xFE' + label.value;
    const auto [known, added] = grouped_.try_emplace(std::move(key), family.series.size());
    if (added) family.series.emplace_back(TextSeries{{}, line_}).metric.label = std::move(sample.labels);
    return family.series[known->second].metric;
  }

  void add_to_histogram(ClientMetric::Histogram& histogram, const Sample& sample, std::string_view name, double value) {
    if (sample.part == Part::sum) {
      histogram.sample_sum = value;
    } else if (sample.part == Part::count) {
      histogram.sample_count = to_count(value);
    } else {
      const double bound = to_bound(sample, name, "le");
      histogram.bucket.push_back({to_count(value), bound});
    }
  }

  void add_to_summary(ClientMetric::Summary& summary, const Sample& sample, std::string_view name, double value) {
    if (sample.part == Part::sum) {
      summary.sample_sum = value;
    } else if (sample.part == Part::count) {
      summary.sample_count = to_count(value);
    } else {
      const double bound = to_bound(sample, name, "quantile");
      summary.quantile.push_back({bound, value});
    }
  }

  std::uint64_t to_count(double value) const {
    if (!(value >= 0) || value >= static_cast<double>(std::numeric_limits<std::uint64_t>::max())) {
      fail("expected a count of 0 or more");
    }
    return static_cast<std::uint64_t>(value);
  }

  double to_bound(const Sample& sample, std::string_view name, const std::string& label) const {
    if (!sample.bound) fail("expected " + std::string{name} + " with the label " + label);
    const auto bound = to_value(*sample.bound);
    if (!bound || std::isnan(*bound)) expected("a number in the label " + label, *sample.bound);
    return *bound;
  }

  std::vector<TextFamily> finish() {
    std::vector<TextFamily> families;
    for (auto& open : families_) {
      auto& family = open.family;
      if (family.series.empty()) continue;
      for (auto& series : family.series) {
        if (family.type == MetricType::Histogram) close_histogram(series.metric.histogram);
        if (family.type == MetricType::Summary)
          keep_last(series.metric.summary.quantile, &ClientMetric::Quantile::quantile);
      }
      fill_missing_labels(family);
      families.push_back(std::move(family));
    }
    return families;
  }

  static void close_histogram(ClientMetric::Histogram& histogram) {
    auto& buckets = histogram.bucket;
    keep_last(buckets, &ClientMetric::Bucket::upper_bound);
    if (buckets.empty() || !std::isinf(buckets.back().upper_bound) || buckets.back().upper_bound < 0) {
      buckets.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
    }
  }

  /// Sorts by `bound`; of entries with the same bound the last one stays.
  template <typename Entry>
  static void keep_last(std::vector<Entry>& entries, double Entry::*bound) {
    std::stable_sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) { return a.*bound < b.*bound; });
    std::size_t kept = 0;
    for (const auto& entry : entries) {
      if (kept > 0 && entries[kept - 1].*bound == entry.*bound) --kept;
      entries[kept++] = entry;
    }
    entries.resize(kept);
  }

  std::size_t line_ = 0;
  std::vector<Open> families_;
  std::unordered_map<std::string, std::size_t> by_name_;
  /// The series of a histogram or summary that a sample belongs to, by family and labels.
  std::unordered_map<std::string, std::size_t> grouped_;
};

}  // namespace

std::vector<TextFamily> parse_textfile(std::string_view text) { return Parser{}.parse(text); }

}  // namespace binnacle::system
