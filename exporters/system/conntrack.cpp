// SPDX-License-Identifier: Apache-2.0
#include "conntrack.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "collectors.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

constexpr std::string_view kFile = "net/stat/nf_conntrack";
constexpr std::string_view kCountFile = "sys/net/netfilter/nf_conntrack_count";
constexpr std::string_view kLimitFile = "sys/net/netfilter/nf_conntrack_max";

/// What each column counts, in the order of kConntrackColumns.
constexpr std::array<std::string_view, kConntrackColumns.size()> kMeanings{
    "Packets dropped as their connection could not be tracked",
    "Tracked connections thrown out to make room for new ones",
    "Lookups of a connection that found it",
    "Packets that already belonged to a tracked connection",
    "Connections put into the table",
    "Connections that could not be put into the table",
    "Packets that cannot be tracked",
    "Lookups begun again as the table was resized",
};

class ConntrackCollector final : public Collector {
 public:
  explicit ConntrackCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const double entries = read_number(kCountFile);
    const double limit = read_number(kLimitFile);
    out.families
        .gauge("node_nf_conntrack_entries",
               "Connections in the connection tracking table, from /proc/sys/net/netfilter/nf_conntrack_count.")
        .add(entries);
    out.families
        .gauge("node_nf_conntrack_entries_limit",
               "How many connections that table can hold, from /proc/sys/net/netfilter/nf_conntrack_max.")
        .add(limit);
    if (limit > 0) out.fact("conntrack_used_ratio", entries / limit);

    // A kernel without CONFIG_NF_CONNTRACK_PROCFS tracks connections, and has no such file.
    const auto text = try_read_file(paths_.proc(kFile), buffer_);
    if (!text) return;
    const auto counts = parse_conntrack_stat(*text);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (!counts[i]) continue;
      out.families
          .gauge("node_nf_conntrack_stat_" + std::string{kConntrackColumns[i]},
                 std::string{kMeanings[i]} + ", since boot, from /proc/net/stat/nf_conntrack.")
          .add(static_cast<double>(*counts[i]));
    }
  }

 private:
  double read_number(std::string_view file) {
    return static_cast<double>(require_u64(trim(read_source(paths_.proc(file), buffer_)), file));
  }

  const Paths& paths_;
  std::string buffer_;
};

/// For each column of the file, its place in kConntrackColumns; their number where it is none of them.
std::vector<std::size_t> parse_names(std::string_view line) {
  std::vector<std::size_t> columns;
  for (auto name = next_field(line); !name.empty(); name = next_field(line)) {
    const auto* found = std::find(kConntrackColumns.begin(), kConntrackColumns.end(), name);
    columns.push_back(static_cast<std::size_t>(found - kConntrackColumns.begin()));
  }
  return columns;
}

}  // namespace

ConntrackCounts parse_conntrack_stat(std::string_view text) {
  ConntrackCounts counts;
  const auto columns = parse_names(next_line(text).value_or(std::string_view{}));
  bool any = false;
  while (auto line = next_line(text)) {
    if (trim(*line).empty()) continue;
    any = true;
    for (const auto column : columns) {
      const auto field = next_field(*line);
      if (column == counts.size()) {
        field_hex(field, kFile, "a column");
      } else {
        counts[column] = counts[column].value_or(0) + field_hex(field, kFile, kConntrackColumns[column]);
      }
    }
  }
  if (!any) throw std::runtime_error(std::string{kFile} + ": no line of a CPU");
  return counts;
}

std::unique_ptr<Collector> make_conntrack(const Paths& paths) { return std::make_unique<ConntrackCollector>(paths); }

}  // namespace binnacle::system
