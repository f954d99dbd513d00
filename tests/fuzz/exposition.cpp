// SPDX-License-Identifier: Apache-2.0
// Families with arbitrary names, labels, HELP and values: the page is always one that can be read, each series once.
#include "core/exposition.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <string>

#include "core/negotiation.h"
#include "core/text.h"
#include "fuzz.h"
#include "system/textfile_parser.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;

/// Takes pieces off the input: a byte tells a text's length.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view text() {
    const auto taken = rest_.substr(0, byte() % 24);
    rest_.remove_prefix(std::min(taken.size(), rest_.size()));
    return taken;
  }
  double number() {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8U | byte();
    return std::bit_cast<double>(bits);
  }

 private:
  std::string_view rest_;
};

std::shared_ptr<Families> make_families(Input& input) {
  auto families = std::make_shared<Families>(100);
  constexpr std::array kTypes{prometheus::MetricType::Counter, prometheus::MetricType::Gauge,
                              prometheus::MetricType::Untyped, prometheus::MetricType::Histogram};
  for (int i = 0; i < 40 && !input.empty(); ++i) {
    const auto type = kTypes.at(input.byte() % kTypes.size());
    const auto name = input.text();
    const auto help = input.text();
    auto family = families->family(name, help, type);
    prometheus::ClientMetric metric;
    for (auto labels = input.byte() % 4; labels > 0; --labels) {
      const auto label = input.text();
      metric.label.push_back({std::string{label}, std::string{input.text()}});
    }
    const double value = input.number();
    metric.counter.value = metric.gauge.value = metric.untyped.value = metric.histogram.sample_sum = value;
    if (type == prometheus::MetricType::Histogram) {
      metric.histogram.sample_count = input.byte();
      metric.histogram.bucket.push_back({input.byte(), input.number()});
    }
    family.add(std::move(metric));
  }
  return families;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{as_text(data, size)};
  const auto first = make_families(input);
  const auto second = make_families(input);
  std::vector<Dropped> dropped;
  const Page page{{first, second}, &dropped};
  const auto given = first->series() + second->series();
  require(page.series() + dropped.at(0).duplicate + dropped.at(0).malformed + dropped.at(1).duplicate +
                  dropped.at(1).malformed ==
              given,
          "each series is shown or counted as dropped");
  std::string text;
  text_exposition().write(page, text);
  require(is_utf8(text), "a page is UTF-8");
  std::size_t series = 0;
  // Histograms whose bounds meet or names collide with another family's are for Prometheus to refuse; the reader may
  // too.
  accepts([&] {
    for (const auto& family : system::parse_textfile(text)) series += family.series.size();
  });
  for (const auto& family : page.families()) {
    if (family.type == prometheus::MetricType::Histogram) return 0;
  }
  require(series == page.series(), "a page without histograms reads back whole");
  std::string openmetrics;
  openmetrics_exposition().write(page, openmetrics);
  require(openmetrics.ends_with("# EOF\n") && is_utf8(openmetrics), "OpenMetrics is UTF-8 and has an end");
  return 0;
}
