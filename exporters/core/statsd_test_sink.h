// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "statsd_event.h"
#include "statsd_parser.h"

namespace binnacle {

/// Writes down what a parser hands over, a short line each.
class TestSink : public EventSink {
 public:
  std::vector<std::string> seen;

  void metric(const StatsdMetric& metric) override {
    constexpr std::string_view kTypes[] = {"counter", "gauge", "timer", "histogram", "distribution", "set"};
    std::string text{kTypes[static_cast<std::size_t>(metric.type)]};
    text.append(" ").append(metric.name);
    for (const auto& value : metric.values) {
      text += value.has_sign ? " signed " : " ";
      text += number(value.number);
    }
    if (metric.type == StatsdType::set) text.append(" member ").append(metric.set_member);
    if (metric.weight != 1) text += " weight " + number(metric.weight);
    if (!metric.tags.empty()) text.append(" #").append(metric.tags);
    seen.push_back(text);
  }

  void service_check(const StatsdCheck& check) override {
    seen.push_back("check " + std::string{check.name} + " " + std::to_string(static_cast<int>(check.status)) +
                   " host=" + std::string{check.host} + " tags=" + std::string{check.tags} +
                   " message=" + std::string{check.message});
  }

  void event(const StatsdEvent& event) override {
    seen.push_back("event title=" + std::string{event.title} + " text=" + std::string{event.text} +
                   " type=" + std::string{event.alert_type} + " host=" + std::string{event.host} +
                   " tags=" + std::string{event.tags});
  }

 private:
  static std::string number(double value) {
    auto text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }
};

}  // namespace binnacle
