// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "collectors.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

class EntropyCollector final : public Collector {
 public:
  explicit EntropyCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto available = read("entropy_avail");
    const auto size = read("poolsize");
    out.families
        .gauge("node_entropy_available_bits",
               "Bits of entropy in the kernel's pool, from /proc/sys/kernel/random/entropy_avail.")
        .add(available);
    out.families
        .gauge("node_entropy_pool_size_bits",
               "Bits that the kernel's entropy pool can hold, from /proc/sys/kernel/random/poolsize.")
        .add(size);
  }

 private:
  double read(std::string_view name) {
    const auto file = "sys/kernel/random/" + std::string{name};
    return static_cast<double>(require_u64(trim(read_source(paths_.proc(file), buffer_)), file));
  }

  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_entropy(const Paths& paths) { return std::make_unique<EntropyCollector>(paths); }

}  // namespace binnacle::system
