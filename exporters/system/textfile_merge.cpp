// SPDX-License-Identifier: Apache-2.0
#include "textfile_merge.h"

#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/text.h"

namespace binnacle::system {

namespace {

using prometheus::MetricType;

constexpr std::array<std::string_view, 3> kParts{"_sum", "_count", "_bucket"};

bool has_parts(MetricType type) { return type == MetricType::Histogram || type == MetricType::Summary; }

/// Tells series of one family apart. A label with an empty value is the same as none.
std::string identity(const prometheus::ClientMetric& metric) {
  std::string key;
  for (const auto& label : metric.label) {
    if (!label.value.empty()) ((key += label.name) += '\xFE') += label.value + '\xFF';
  }
  return key;
}

std::string show(const std::string& name, const prometheus::ClientMetric& metric) {
  std::string text = name + '{';
  for (const auto& label : metric.label) {
    if (label.value.empty()) continue;
    if (text.back() != '{') text += ',';
    text += label.name + '=' + quoted(label.value);
  }
  return text + '}';
}

class Merger {
 public:
  void add(Textfile file) {
    path_ = std::move(file.path);
    problem_.reset();
    more_ = 0;
    for (auto& family : file.families) add(std::move(family));
    if (!problem_) return;
    if (more_ > 0) problem_->message += ", and " + std::to_string(more_) + " more of such";
    merged_.problems.push_back(*std::move(problem_));
  }

  MergedTextfiles finish() {
    for (auto& [name, origin] : origins_) {
      if (!origin.has_help) merged_.families[origin.index].help = "From the text file " + origin.paths + ".";
    }
    return std::move(merged_);
  }

 private:
  struct Origin {
    std::size_t index = 0;  ///< in merged_.families
    bool has_help = false;
    std::string paths;
    std::unordered_set<std::string> series;
  };

  void problem(std::size_t line, const std::string& message) {
    if (problem_) {
      ++more_;
    } else {
      problem_ = TextfileProblem{path_, line, message};
    }
  }

  void add(TextFamily family) {
    const std::size_t line = family.series.front().line;
    if (const auto collision = find_collision(family)) {
      problem(line, "expected another name than " + family.name + ", " + *collision);
      return;
    }
    const auto [known, added] = origins_.try_emplace(family.name);
    Origin& origin = known->second;
    if (added) {
      origin.index = merged_.families.size();
      auto& made = merged_.families.emplace_back();
      made.name = family.name;
      made.type = family.type;
    }
    auto& merged = merged_.families[origin.index];
    if (merged.type != family.type) {
      problem(line, "expected the TYPE that " + family.name + " has in " + origin.paths + ", got another");
      return;
    }
    if (family.help && origin.has_help && *family.help != merged.help) {
      problem(line, "expected the HELP that " + family.name + " has in " + origin.paths + ", got another");
      return;
    }
    if (family.help && !origin.has_help) {
      merged.help = *std::move(family.help);
      origin.has_help = true;
    }
    if (!origin.paths.empty()) origin.paths += ", ";
    origin.paths += path_;
    for (auto& series : family.series) {
      if (!origin.series.insert(identity(series.metric)).second) {
        problem(series.line, "expected each series once, got " + show(family.name, series.metric) + " again");
        continue;
      }
      merged.metric.push_back(std::move(series.metric));
    }
  }

  /// Whether a sample of this family would have the name of another family's part, or the other way round.
  [[nodiscard]] std::optional<std::string> find_collision(const TextFamily& family) const {
    for (const auto part : kParts) {
      const std::string part_name = family.name + std::string{part};
      if (has_parts(family.type) && origins_.contains(part_name)) return "one of whose parts is the name " + part_name;
      if (!family.name.ends_with(part)) continue;
      const auto base = origins_.find(family.name.substr(0, family.name.size() - part.size()));
      if (base == origins_.end() || !has_parts(merged_.families[base->second.index].type)) continue;
      return "which is a part of " + base->first;
    }
    return std::nullopt;
  }

  MergedTextfiles merged_;
  std::unordered_map<std::string, Origin> origins_;
  std::string path_;
  std::optional<TextfileProblem> problem_;
  std::size_t more_ = 0;
};

}  // namespace

MergedTextfiles merge_textfiles(std::vector<Textfile> files) {
  Merger merger;
  for (auto& file : files) merger.add(std::move(file));
  return merger.finish();
}

}  // namespace binnacle::system
