// SPDX-License-Identifier: Apache-2.0
#include "vmstat.h"

#include <re2/re2.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/text.h"
#include "device_filter.h"
#include "field_cache.h"

namespace binnacle::system {

namespace {

class VmstatCollector final : public Collector {
 public:
  explicit VmstatCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    flags.add(kFields, pattern_text_, "Regular expression of the fields of /proc/vmstat to export.");
  }

  void start() override { pattern_ = compile_pattern(pattern_text_, std::string{"--"} + kFields); }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto fields = parse_named_numbers(read_file(paths_.proc("vmstat"), buffer_), "vmstat");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& known = cache_.at(i, fields[i].name, [&](std::string_view name) { return decide(name); });
      if (known.wanted) out.families.untyped(known.metric, known.help).add(fields[i].value);
    }
  }

 private:
  static constexpr auto* kFields = "collector.vmstat.fields";

  [[nodiscard]] KnownField decide(std::string_view name) const {
    std::string key{name};
    const bool wanted = re2::RE2::PartialMatch(key, *pattern_);
    return {key, wanted, "node_vmstat_" + key, "Field " + key + " of /proc/vmstat."};
  }

  const Paths& paths_;
  std::string buffer_;
  std::string pattern_text_ = "^(oom_kill|pgpg|pswp|pg.*fault).*";
  std::unique_ptr<re2::RE2> pattern_;
  FieldCache cache_;
};

}  // namespace

std::vector<NamedNumber> parse_named_numbers(std::string_view text, std::string_view file) {
  std::vector<NamedNumber> numbers;
  numbers.reserve(256);
  while (auto line = next_line(text)) {
    const auto name = next_field(*line);
    if (name.empty()) continue;
    const auto field = next_field(*line);
    const auto value = to_double(field);
    if (!value) {
      throw std::runtime_error(std::string{file} + ": " + quoted(name) + ": expected a number, got " + quoted(field));
    }
    numbers.push_back({name, *value});
  }
  if (numbers.empty()) throw std::runtime_error(std::string{file} + ": the file is empty");
  return numbers;
}

std::unique_ptr<Collector> make_vmstat(const Paths& paths) { return std::make_unique<VmstatCollector>(paths); }

}  // namespace binnacle::system
