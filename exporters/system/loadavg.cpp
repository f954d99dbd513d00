// SPDX-License-Identifier: Apache-2.0
#include "loadavg.h"

#include <array>
#include <string>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

LoadAverages parse_loadavg(std::string_view text) {
  LoadAverages load;
  for (double* average : std::array{&load.one, &load.five, &load.fifteen}) {
    *average = require_double(next_field(text), "loadavg");
  }
  return load;
}

namespace {

class LoadavgCollector final : public Collector {
 public:
  explicit LoadavgCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto load = parse_loadavg(read_file(paths_.proc("loadavg"), buffer_));
    out.families.gauge("node_load1", "Load average over 1 minute, from /proc/loadavg.").add(load.one);
    out.families.gauge("node_load5", "Load average over 5 minutes, from /proc/loadavg.").add(load.five);
    out.families.gauge("node_load15", "Load average over 15 minutes, from /proc/loadavg.").add(load.fifteen);
  }

 private:
  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_loadavg(const Paths& paths) { return std::make_unique<LoadavgCollector>(paths); }

}  // namespace binnacle::system
