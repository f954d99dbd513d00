// SPDX-License-Identifier: Apache-2.0
// The files of /proc that tell of the whole host.
#include "fuzz.h"
#include "system/conntrack.h"
#include "system/cpu.h"
#include "system/cpu_info.h"
#include "system/cpu_topology.h"
#include "system/filefd.h"
#include "system/loadavg.h"
#include "system/meminfo.h"
#include "system/os.h"
#include "system/psi.h"
#include "system/schedstat.h"
#include "system/stat.h"
#include "system/vmstat.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle::fuzz;
  using namespace binnacle::system;
  const auto text = as_text(data, size);
  accepts([&] {
    const auto times = parse_cpu_times(text);
    require(!times.empty(), "times of some CPU");
    require(without_steps_back(times, times).size() == times.size(), "no CPU is lost");
    without_steps_back({}, times);
    without_steps_back(times, {});
  });
  accepts([&] { parse_stat(text); });
  accepts([&] { require(!parse_cpu_info(text).empty(), "some CPU"); });
  accepts([&] { parse_cpu_list(text); });
  accepts([&] { parse_loadavg(text); });
  accepts([&] {
    for (const auto& field : parse_meminfo(text)) meminfo_metric(field.name, field.bytes);
  });
  accepts([&] { parse_named_numbers(text, "vmstat"); });
  accepts([&] { parse_schedstat(text); });
  accepts([&] { parse_file_nr(text); });
  accepts([&] { parse_conntrack_stat(text); });
  accepts([&] {
    const auto psi = parse_psi(text);
    if (psi.some) require(psi.some->avg10 == psi.some->avg10, "a share is a number");
  });
  accepts([&] { parse_os_release(text); });
  parse_os_version(text);
  parse_date(text);
  return 0;
}
