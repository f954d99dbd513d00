// SPDX-License-Identifier: Apache-2.0
// The network's files of /proc and /sys.
#include "fuzz.h"
#include "system/netclass.h"
#include "system/netdev.h"
#include "system/netstat.h"
#include "system/sockstat.h"
#include "system/softnet.h"
#include "system/vmstat.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle::fuzz;
  using namespace binnacle::system;
  const auto text = as_text(data, size);
  accepts([&] {
    for (const auto& device : parse_net_dev(text)) require(!device.name.empty(), "a device has a name");
  });
  accepts([&] { require(!parse_net_tables(text, "netstat").empty(), "some table"); });
  accepts([&] { parse_sockstat(text, "sockstat"); });
  accepts([&] { parse_softnet(text); });
  accepts([&] { parse_named_numbers(text, "snmp6"); });
  const auto attribute = parse_attribute(text);
  require(!admin_state(attribute).empty(), "a device is in some state");
  if (attribute) speed_in_bytes(*attribute);
  return 0;
}
