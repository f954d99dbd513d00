// SPDX-License-Identifier: Apache-2.0
#include "meminfo.h"

#include <cctype>
#include <optional>
#include <stdexcept>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"
#include "field_cache.h"
#include "source.h"

namespace binnacle::system {

namespace {

constexpr std::uint64_t kKib = 1024;

MemoryField parse_line(std::string_view line) {
  MemoryField field;
  field.name = trim(take_until(line, ':'));
  field.value = field_u64(next_field(line), "meminfo", field.name);
  const auto unit = next_field(line);
  if (unit == "kB") {
    field.bytes = true;
    field.value *= kKib;
  } else if (!unit.empty()) {
    throw std::runtime_error("meminfo: " + named(field.name) + ": expected the unit kB, got " + quoted(unit));
  }
  return field;
}

class MeminfoCollector final : public Collector {
 public:
  explicit MeminfoCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto fields = parse_meminfo(read_file(paths_.proc("meminfo"), buffer_));
    std::optional<double> total;
    std::optional<double> available;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& field = fields[i];
      const auto value = static_cast<double>(field.value);
      const auto& known = cache_.at(i, field.name, [&](std::string_view name) {
        return KnownField{std::string{name}, true, meminfo_metric(name, field.bytes),
                          "Field " + std::string{name} + " of /proc/meminfo" + (field.bytes ? ", in bytes." : ".")};
      });
      out.families.gauge(known.metric, known.help).add(value);
      if (field.name == "MemTotal") total = value;
      if (field.name == "MemAvailable") available = value;
    }
    if (total && available && *total > 0) out.fact("memory_available_ratio", *available / *total);
  }

 private:
  const Paths& paths_;
  std::string buffer_;
  FieldCache cache_;
};

}  // namespace

std::vector<MemoryField> parse_meminfo(std::string_view text) {
  std::vector<MemoryField> fields;
  fields.reserve(64);
  while (const auto line = next_line(text)) {
    if (!trim(*line).empty()) fields.push_back(parse_line(*line));
  }
  if (fields.empty()) throw std::runtime_error("meminfo: the file is empty");
  return fields;
}

std::string meminfo_metric(std::string_view name, bool bytes) {
  std::string metric = "node_memory_";
  for (const char c : name) {
    if (c == ')') continue;
    metric += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return bytes ? metric + "_bytes" : metric;
}

std::unique_ptr<Collector> make_meminfo(const Paths& paths) { return std::make_unique<MeminfoCollector>(paths); }

}  // namespace binnacle::system
