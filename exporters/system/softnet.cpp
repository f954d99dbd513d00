// SPDX-License-Identifier: Apache-2.0
#include "softnet.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

constexpr std::string_view kFile = "net/softnet_stat";
/// Linux before 5.14 has no columns for the backlog and the CPU's number.
constexpr std::size_t kLeastColumns = 9;
constexpr std::size_t kBacklogColumn = 11;
constexpr std::size_t kCpuColumn = 12;

SoftnetCpu parse_line(std::string_view line, std::size_t number) {
  std::vector<std::uint64_t> columns;
  columns.reserve(kCpuColumn + 1);
  for (auto field = next_field(line); !field.empty() && columns.size() <= kCpuColumn; field = next_field(line)) {
    columns.push_back(field_hex(field, kFile, "a column"));
  }
  if (columns.size() < kLeastColumns) throw std::runtime_error(std::string{kFile} + ": a line is cut");

  SoftnetCpu cpu;
  cpu.cpu = number;
  cpu.processed = columns[0];
  cpu.dropped = columns[1];
  cpu.times_squeezed = columns[2];
  cpu.cpu_collision = columns[8];
  if (columns.size() > 9) cpu.received_rps = columns[9];
  if (columns.size() > 10) cpu.flow_limit_count = columns[10];
  if (columns.size() > kCpuColumn) {
    cpu.backlog_length = columns[kBacklogColumn];
    cpu.cpu = columns[kCpuColumn];
  }
  return cpu;
}

struct Metric {
  std::string_view name;
  std::string_view help;
  prometheus::MetricType type;
  std::optional<std::uint64_t> SoftnetCpu::*value;
};

using prometheus::MetricType;

constexpr std::array kMetrics{
    Metric{"node_softnet_processed_total", "Packets that each CPU took in, from /proc/net/softnet_stat.",
           MetricType::Counter, &SoftnetCpu::processed},
    Metric{"node_softnet_dropped_total", "Packets dropped as a CPU's backlog was full, from /proc/net/softnet_stat.",
           MetricType::Counter, &SoftnetCpu::dropped},
    Metric{"node_softnet_times_squeezed_total",
           "Times that a CPU stopped taking in packets though some were left, from /proc/net/softnet_stat.",
           MetricType::Counter, &SoftnetCpu::times_squeezed},
    Metric{"node_softnet_cpu_collision_total",
           "Times that a CPU found a device's transmit lock taken, from /proc/net/softnet_stat.", MetricType::Counter,
           &SoftnetCpu::cpu_collision},
    Metric{"node_softnet_received_rps_total",
           "Times that another CPU woke this one to take in packets, from /proc/net/softnet_stat.", MetricType::Counter,
           &SoftnetCpu::received_rps},
    Metric{"node_softnet_flow_limit_count_total",
           "Times that one flow's share of a CPU's backlog was used up, from /proc/net/softnet_stat.",
           MetricType::Counter, &SoftnetCpu::flow_limit_count},
    Metric{"node_softnet_backlog_len", "Packets that wait in each CPU's backlog, from /proc/net/softnet_stat.",
           MetricType::Gauge, &SoftnetCpu::backlog_length},
};

class SoftnetCollector final : public Collector {
 public:
  explicit SoftnetCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto cpus = parse_softnet(read_source(paths_.proc(kFile), buffer_));
    for (const auto& metric : kMetrics) {
      // All lines have the same columns.
      if (!(cpus.front().*metric.value)) continue;
      auto family = out.families.family(metric.name, metric.help, metric.type);
      for (const auto& cpu : cpus) {
        if (const auto& value = cpu.*metric.value) {
          family.add({{"cpu", std::to_string(cpu.cpu)}}, static_cast<double>(*value));
        }
      }
    }
  }

 private:
  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::vector<SoftnetCpu> parse_softnet(std::string_view text) {
  std::vector<SoftnetCpu> cpus;
  while (const auto line = next_line(text)) {
    if (!trim(*line).empty()) cpus.push_back(parse_line(*line, cpus.size()));
  }
  if (cpus.empty()) throw std::runtime_error(std::string{kFile} + ": the file is empty");
  return cpus;
}

std::unique_ptr<Collector> make_softnet(const Paths& paths) { return std::make_unique<SoftnetCollector>(paths); }

}  // namespace binnacle::system
