// SPDX-License-Identifier: Apache-2.0
#include "sockstat.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"
#include "source.h"

namespace binnacle::system {

namespace {

constexpr std::array<std::string_view, 6> kNames{"inuse", "orphan", "tw", "alloc", "mem", "memory"};

class SockstatCollector final : public Collector {
 public:
  explicit SockstatCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    bool any = false;
    // A kernel without IPv4 or IPv6 lacks one of them.
    for (const std::string file : {"net/sockstat", "net/sockstat6"}) {
      const auto text = try_read_file(paths_.proc(file), buffer_);
      if (!text) continue;
      any = true;
      for (const auto& count : parse_sockstat(*text, file)) add(count, file, out.families);
    }
    if (!any) throw NotApplicable("net/sockstat is absent: this kernel has no IP");
  }

 private:
  void add(const SocketCount& count, const std::string& file, Families& families) const {
    const auto value = static_cast<double>(count.value);
    if (count.protocol == "sockets") {
      if (count.name != "used") return;
      families.gauge("node_sockstat_sockets_used", "Sockets in use, of any kind, from /proc/net/sockstat.").add(value);
      return;
    }
    if (std::find(kNames.begin(), kNames.end(), count.name) == kNames.end()) return;
    const std::string protocol{count.protocol};
    const std::string name{count.name};
    const auto metric = "node_sockstat_" + protocol + '_' + name;
    families.gauge(metric, "Number " + name + " of " + protocol + " sockets, from /proc/" + file + '.').add(value);
    if (name != "mem") return;
    families.gauge(metric + "_bytes", "Memory of " + protocol + " sockets' buffers in bytes, from /proc/" + file + '.')
        .add(value * page_size_);
  }

  const Paths& paths_;
  std::string buffer_;
  double page_size_ = static_cast<double>(::sysconf(_SC_PAGESIZE));
};

}  // namespace

std::vector<SocketCount> parse_sockstat(std::string_view text, std::string_view file) {
  std::vector<SocketCount> counts;
  while (auto line = next_line(text)) {
    if (trim(*line).empty()) continue;
    const auto protocol = trim(take_until(*line, ':'));
    auto name = next_field(*line);
    if (name.empty()) throw std::runtime_error(std::string{file} + ": " + quoted(protocol) + ": the line is cut");
    for (; !name.empty(); name = next_field(*line)) {
      counts.push_back({protocol, name, field_u64(next_field(*line), file, name)});
    }
  }
  if (counts.empty()) throw std::runtime_error(std::string{file} + ": the file is empty");
  return counts;
}

std::unique_ptr<Collector> make_sockstat(const Paths& paths) { return std::make_unique<SockstatCollector>(paths); }

}  // namespace binnacle::system
