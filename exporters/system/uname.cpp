// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "collectors.h"

namespace binnacle::system {

namespace {

class UnameCollector final : public Collector {
 public:
  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    utsname name{};
    if (::uname(&name) != 0) throw std::system_error(errno, std::generic_category(), "uname");
    out.families.gauge("node_uname_info", "Always 1; the labels tell what uname(2) says of the kernel and the machine.")
        .add({{"domainname", name.domainname},
              {"machine", name.machine},
              {"nodename", name.nodename},
              {"release", name.release},
              {"sysname", name.sysname},
              {"version", name.version}},
             1);
  }
};

}  // namespace

std::unique_ptr<Collector> make_uname(const Paths& /*paths*/) { return std::make_unique<UnameCollector>(); }

}  // namespace binnacle::system
