// SPDX-License-Identifier: Apache-2.0
#include "cpu_info.h"

#include <array>
#include <stdexcept>
#include <string>

#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

struct KeyTarget {
  std::string_view key;
  std::string_view CpuInfo::*target;
};

/// Platforms name the same thing differently.
constexpr std::array kKeys{
    KeyTarget{"physical id", &CpuInfo::package},
    KeyTarget{"package", &CpuInfo::package},
    KeyTarget{"core id", &CpuInfo::core},
    KeyTarget{"core", &CpuInfo::core},
    KeyTarget{"hart", &CpuInfo::core},
    KeyTarget{"vendor_id", &CpuInfo::vendor},
    KeyTarget{"vendor", &CpuInfo::vendor},
    KeyTarget{"cpu", &CpuInfo::vendor},
    KeyTarget{"cpu family", &CpuInfo::family},
    KeyTarget{"CPU Family", &CpuInfo::family},
    KeyTarget{"model", &CpuInfo::model},
    KeyTarget{"model name", &CpuInfo::model_name},
    KeyTarget{"Model Name", &CpuInfo::model_name},
    KeyTarget{"isa", &CpuInfo::model_name},
    KeyTarget{"microcode", &CpuInfo::microcode},
    KeyTarget{"stepping", &CpuInfo::stepping},
    KeyTarget{"cache size", &CpuInfo::cache_size},
    KeyTarget{"flags", &CpuInfo::flags},
    KeyTarget{"Features", &CpuInfo::flags},
    KeyTarget{"bugs", &CpuInfo::bugs},
};

double parse_mhz(std::string_view value) {
  if (value.ends_with("MHz")) value.remove_suffix(3);
  return require_double(value, "cpuinfo: clock");
}

}  // namespace

std::vector<CpuInfo> parse_cpu_info(std::string_view text) {
  std::vector<CpuInfo> cpus;
  while (auto line = next_line(text)) {
    const auto key = trim(take_until(*line, ':'));
    const auto value = trim(*line);
    if (key == "processor") {
      field_u64(value, "cpuinfo", "processor");
      cpus.emplace_back().cpu = value;
      continue;
    }
    if (cpus.empty()) continue;
    if (key == "cpu MHz" || key == "clock") {
      cpus.back().mhz = parse_mhz(value);
      continue;
    }
    for (const auto& known : kKeys) {
      if (key == known.key) cpus.back().*known.target = value;
    }
  }
  if (cpus.empty()) throw std::runtime_error("cpuinfo: no line \"processor : <number>\"");
  return cpus;
}

}  // namespace binnacle::system
