// SPDX-License-Identifier: Apache-2.0
#include "statsd_tags.h"

#include <algorithm>

#include "text.h"

namespace binnacle {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string clean(std::string_view text, bool colons) {
  std::string out;
  out.reserve(text.size() + 1);
  if (!text.empty() && is_digit(text[0])) out += '_';
  for (const char c : text) out += is_letter(c) || is_digit(c) || (colons && c == ':') ? c : '_';
  return out;
}

auto place_of(StatsdLabels& labels, std::string_view name) {
  return std::lower_bound(labels.begin(), labels.end(), name,
                          [](const auto& label, std::string_view wanted) { return label.first < wanted; });
}

void add_tags(std::string_view text, char separator, StatsdLabels& labels) {
  while (!text.empty()) {
    auto value = trim(take_until(text, ','));
    if (value.empty()) continue;
    const bool has_value = value.find(separator) != std::string_view::npos;
    const auto key = take_until(value, separator);
    if (key.empty() || (has_value && value.empty())) continue;  // to Prometheus an empty label is none
    auto name = statsd_label_name(key);
    const auto place = place_of(labels, name);
    if (place != labels.end() && place->first == name) continue;
    labels.emplace(place, std::move(name), has_value ? to_utf8(value) : "true");
  }
}

}  // namespace

std::string statsd_label_name(std::string_view text) {
  auto name = clean(text, false);
  if (name.empty()) return "_";
  if (name.starts_with("__")) name.erase(0, std::min(name.find_first_not_of('_'), name.size() - 1));
  if (is_digit(name[0])) name.insert(name.begin(), '_');
  return name == "le" ? "le_" : name;
}

std::string statsd_metric_name(std::string_view text) {
  auto name = clean(text, true);
  return name.empty() ? "_" : name;
}

void set_label(StatsdLabels& labels, std::string_view name, std::string_view value) {
  const auto place = place_of(labels, name);
  if (place != labels.end() && place->first == name) {
    place->second = value;
  } else {
    labels.emplace(place, name, value);
  }
}

const std::string* find_label(const StatsdLabels& labels, std::string_view name) {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const auto& label) { return label.first == name; });
  return found == labels.end() ? nullptr : &found->second;
}

void read_statsd_tags(const StatsdMetric& metric, StatsdIdentity& identity) {
  identity.labels.clear();
  identity.name = metric.name;
  add_tags(metric.tags, ':', identity.labels);
  const auto mark = metric.name.find_first_of("#,[");
  if (mark == std::string_view::npos) return;
  identity.name = metric.name.substr(0, mark);
  auto rest = metric.name.substr(mark + 1);
  if (metric.name[mark] == '[') {
    add_tags(take_until(rest, ']'), '=', identity.labels);
    if (rest.empty()) return;
    identity.joined_name.assign(identity.name).append(rest);
    identity.name = identity.joined_name;
  } else {
    add_tags(rest, '=', identity.labels);
  }
}

}  // namespace binnacle
