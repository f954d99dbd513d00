// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "text.h"

namespace binnacle {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// A table, since every name of every series is looked at in every scrape.
constexpr auto kNameCharacters = [] {
  std::array<bool, 256> allowed{};
  for (unsigned char c = 'a'; c <= 'z'; ++c) allowed[c] = allowed[c - 'a' + 'A'] = true;
  for (unsigned char c = '0'; c <= '9'; ++c) allowed[c] = true;
  allowed['_'] = true;
  return allowed;
}();

enum class Colons { forbidden, allowed };

bool is_name(std::string_view name, Colons colons) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) {
    return kNameCharacters[static_cast<unsigned char>(c)] || (c == ':' && colons == Colons::allowed);
  });
}

/// The label that a type writes itself, and that a series therefore must not have.
std::string_view reserved_label(MetricType type) {
  if (type == MetricType::Histogram) return "le";
  if (type == MetricType::Summary) return "quantile";
  return {};
}

bool labels_valid(const Labels& labels, MetricType type) {
  for (auto label = labels.begin(); label != labels.end(); ++label) {
    if (!is_name(label->name, Colons::forbidden) || label->name.starts_with("__")) return false;
    if (label->name == reserved_label(type)) return false;
    if (std::any_of(labels.begin(), label, [&](const auto& other) { return other.name == label->name; })) return false;
  }
  return true;
}

/// The same for two series that Prometheus takes for one: the order of labels and empty labels do not matter. Names
/// count by length and last letter only: equal hashes are looked at closely anyway.
std::uint64_t identity_hash(const Labels& labels) {
  std::uint64_t sum = 0;
  for (const auto& [name, value] : labels) {
    if (value.empty()) continue;
    const std::uint64_t name_mark = name.size() * 257 + static_cast<unsigned char>(name.back());
    sum += (std::hash<std::string_view>{}(value) + name_mark) * 0x9E3779B97F4A7C15U;
  }
  return sum;
}

bool same_identity(const Labels& left, const Labels& right) {
  const auto canonical = [](Labels labels) {
    std::erase_if(labels, [](const auto& label) { return label.value.empty(); });
    std::sort(labels.begin(), labels.end());
    return labels;
  };
  return canonical(left) == canonical(right);
}

/// A series with where it came from.
struct Candidate {
  const ClientMetric* metric;
  std::size_t source;
  std::uint64_t hash = 0;
};

bool has_equal_hashes(std::vector<Candidate>& candidates, std::vector<std::uint64_t>& hashes) {
  if (candidates.size() < 2) return false;
  hashes.clear();
  for (auto& candidate : candidates) {
    candidate.hash = identity_hash(candidate.metric->label);
    hashes.push_back(candidate.hash);
  }
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

void drop_duplicates(std::vector<Candidate>& candidates, std::vector<std::uint64_t>& hashes,
                     std::vector<Dropped>& dropped) {
  if (!has_equal_hashes(candidates, hashes)) return;
  std::unordered_multimap<std::uint64_t, const ClientMetric*> seen;
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const auto [first, last] = seen.equal_range(candidate.hash);
    const bool duplicate = std::any_of(
        first, last, [&](const auto& entry) { return same_identity(entry.second->label, candidate.metric->label); });
    if (duplicate) {
      ++dropped[candidate.source].duplicate;
    } else {
      seen.emplace(candidate.hash, candidate.metric);
    }
    return duplicate;
  });
}

/// The metric itself, or a copy in `repaired` whose labels are valid UTF-8.
const ClientMetric* with_utf8_labels(const ClientMetric& metric, std::deque<ClientMetric>& repaired) {
  const auto bad = [](const auto& label) { return !is_utf8(label.value); };
  if (std::none_of(metric.label.begin(), metric.label.end(), bad)) return &metric;
  auto& copy = repaired.emplace_back(metric);
  for (auto& label : copy.label) label.value = to_utf8(label.value);
  return &copy;
}

struct FamilyRef {
  const CollectedFamily* family;
  std::size_t source;
};

}  // namespace

Page::Page(std::vector<std::shared_ptr<const Families>> sources, std::vector<Dropped>* dropped)
    : sources_(std::move(sources)) {
  std::vector<Dropped> drops(sources_.size());
  std::vector<FamilyRef> refs;
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    for (const auto& family : sources_[source]->all()) refs.push_back({&family, source});
  }
  std::stable_sort(refs.begin(), refs.end(),
                   [](const auto& left, const auto& right) { return left.family->name < right.family->name; });

  std::size_t most = 0;
  for (const auto& source : sources_) most += source->series();
  series_.reserve(most);  // never grows: the families point into it
  families_.reserve(refs.size());
  std::vector<Candidate> candidates;
  std::vector<std::uint64_t> hashes;
  for (auto first = refs.begin(); first != refs.end();) {
    const auto& head = *first->family;
    const auto last = std::find_if(first, refs.end(), [&](const auto& ref) { return ref.family->name != head.name; });
    const bool name_valid = is_name(head.name, Colons::allowed);
    candidates.clear();
    for (auto ref = first; ref != last; ++ref) {
      for (const auto& metric : ref->family->series()) {
        if (!name_valid || ref->family->type != head.type || !labels_valid(metric.label, head.type)) {
          ++drops[ref->source].malformed;
          continue;
        }
        candidates.push_back({with_utf8_labels(metric, repaired_), ref->source});
      }
    }
    first = last;
    drop_duplicates(candidates, hashes, drops);
    if (candidates.empty()) continue;
    auto& made = families_.emplace_back();
    made.name = head.name;
    made.help = head.help;
    made.type = head.type;
    const auto start = series_.size();
    for (const auto& candidate : candidates) series_.push_back(candidate.metric);
    made.series = std::span{series_}.subspan(start);
  }
  if (dropped != nullptr) *dropped = std::move(drops);
}

}  // namespace binnacle
