// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "collectors.h"
#include "core/file.h"
#include "psi.h"

namespace binnacle::system {

namespace {

/// A file of /proc/pressure and what is made of it. An empty name: the kernel does not have this line.
struct Resource {
  std::string_view file;
  std::string_view waiting_metric;
  std::string_view waiting_help;
  std::string_view stalled_metric;
  std::string_view stalled_help;
  bool stalled_required;
  std::string_view fact;
  std::optional<PsiLine> Psi::*fact_line;
};

constexpr std::array kResources{
    Resource{.file = "cpu",
             .waiting_metric = "node_pressure_cpu_waiting_seconds_total",
             .waiting_help = "Seconds in which at least one task waited for a CPU, from /proc/pressure/cpu.",
             .stalled_metric = "node_pressure_cpu_stalled_seconds_total",
             .stalled_help = "Seconds in which every task waited for a CPU at once, from /proc/pressure/cpu.",
             .stalled_required = false,
             .fact = "cpu_pressure_ratio",
             .fact_line = &Psi::some},
    Resource{.file = "io",
             .waiting_metric = "node_pressure_io_waiting_seconds_total",
             .waiting_help = "Seconds in which at least one task waited for a disk, from /proc/pressure/io.",
             .stalled_metric = "node_pressure_io_stalled_seconds_total",
             .stalled_help = "Seconds in which every busy task waited for a disk at once, from /proc/pressure/io.",
             .stalled_required = true,
             .fact = "io_pressure_ratio",
             .fact_line = &Psi::full},
    Resource{.file = "memory",
             .waiting_metric = "node_pressure_memory_waiting_seconds_total",
             .waiting_help = "Seconds in which at least one task waited for memory, from /proc/pressure/memory.",
             .stalled_metric = "node_pressure_memory_stalled_seconds_total",
             .stalled_help = "Seconds in which every busy task waited for memory at once, from /proc/pressure/memory.",
             .stalled_required = true,
             .fact = "memory_pressure_ratio",
             .fact_line = &Psi::full},
    Resource{.file = "irq",
             .waiting_metric = "",
             .waiting_help = "",
             .stalled_metric = "node_pressure_irq_stalled_seconds_total",
             .stalled_help = "Seconds in which interrupts kept every task from running, from /proc/pressure/irq.",
             .stalled_required = true,
             .fact = "",
             .fact_line = nullptr},
};

void add_line(Families& families, std::string_view metric, std::string_view help, const std::optional<PsiLine>& line,
              bool required, std::string_view what) {
  if (metric.empty()) return;
  if (line) {
    // Divided twice: so the last digit, too, is node_exporter's.
    families.counter(metric, help).add(static_cast<double>(line->total_us) / 1000 / 1000);
  } else if (required) {
    throw std::runtime_error(std::string{what} + ": a line is missing");
  }
}

class PressureCollector final : public Collector {
 public:
  explicit PressureCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    bool any = false;
    for (const auto& resource : kResources) {
      const auto file = "pressure/" + std::string{resource.file};
      // A kernel that was booted without PSI has the files, and answers reads with EOPNOTSUPP.
      const auto text = try_read_file(paths_.proc(file), buffer_);
      if (!text) continue;
      any = true;
      const auto psi = parse_psi(*text, file);
      add_line(out.families, resource.waiting_metric, resource.waiting_help, psi.some, true, file + ": some");
      add_line(out.families, resource.stalled_metric, resource.stalled_help, psi.full, resource.stalled_required,
               file + ": full");
      if (resource.fact_line == nullptr) continue;
      if (const auto& line = psi.*resource.fact_line) out.fact(resource.fact, line->avg60 / 100);
    }
    if (!any) throw NotApplicable("no pressure stall information: the kernel is too old, or booted without psi=1");
  }

 private:
  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_pressure(const Paths& paths) { return std::make_unique<PressureCollector>(paths); }

}  // namespace binnacle::system
