// SPDX-License-Identifier: Apache-2.0
#include "netdev.h"

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/text.h"
#include "device_filter.h"
#include "filter_flags.h"
#include "name_cache.h"
#include "netdev_address.h"
#include "source.h"

namespace binnacle::system {

namespace {

/// A counter of a device, and where it is.
struct Counter {
  /// Between node_network_ and _total.
  std::string_view name;
  /// The column of /proc/net/dev or, if there is none, the file in /sys/class/net/<device>/statistics.
  std::optional<std::size_t> column;
  std::string_view file;
};

/// The columns of /proc/net/dev; some are sums of several counters in the kernel.
constexpr std::array kCounters{
    Counter{"receive_bytes", 0, {}},        Counter{"receive_packets", 1, {}},   Counter{"receive_errs", 2, {}},
    Counter{"receive_drop", 3, {}},         Counter{"receive_fifo", 4, {}},      Counter{"receive_frame", 5, {}},
    Counter{"receive_compressed", 6, {}},   Counter{"receive_multicast", 7, {}}, Counter{"transmit_bytes", 8, {}},
    Counter{"transmit_packets", 9, {}},     Counter{"transmit_errs", 10, {}},    Counter{"transmit_drop", 11, {}},
    Counter{"transmit_fifo", 12, {}},       Counter{"transmit_colls", 13, {}},   Counter{"transmit_carrier", 14, {}},
    Counter{"transmit_compressed", 15, {}},
};

constexpr Counter kNohandler{"receive_nohandler", std::nullopt, "rx_nohandler"};

/// The same columns under the names that --collector.netdev.enable-detailed-metrics has for them.
constexpr std::array kRenamedCounters{
    Counter{"receive_bytes", 0, {}},        Counter{"receive_packets", 1, {}},   Counter{"receive_errors", 2, {}},
    Counter{"receive_dropped", 3, {}},      Counter{"receive_fifo", 4, {}},      Counter{"receive_frame", 5, {}},
    Counter{"receive_compressed", 6, {}},   Counter{"receive_multicast", 7, {}}, Counter{"transmit_bytes", 8, {}},
    Counter{"transmit_packets", 9, {}},     Counter{"transmit_errors", 10, {}},  Counter{"transmit_dropped", 11, {}},
    Counter{"transmit_fifo", 12, {}},       Counter{"transmit_colls", 13, {}},   Counter{"transmit_carrier", 14, {}},
    Counter{"transmit_compressed", 15, {}},
};

/// Every counter that the kernel has, none summed up.
constexpr std::array kDetailedCounters{
    Counter{"receive_bytes", std::nullopt, "rx_bytes"},
    Counter{"receive_packets", std::nullopt, "rx_packets"},
    Counter{"receive_errors", std::nullopt, "rx_errors"},
    Counter{"receive_dropped", std::nullopt, "rx_dropped"},
    Counter{"receive_length_errors", std::nullopt, "rx_length_errors"},
    Counter{"receive_over_errors", std::nullopt, "rx_over_errors"},
    Counter{"receive_crc_errors", std::nullopt, "rx_crc_errors"},
    Counter{"receive_frame_errors", std::nullopt, "rx_frame_errors"},
    Counter{"receive_fifo_errors", std::nullopt, "rx_fifo_errors"},
    Counter{"receive_missed_errors", std::nullopt, "rx_missed_errors"},
    Counter{"receive_compressed", std::nullopt, "rx_compressed"},
    Counter{"receive_nohandler", std::nullopt, "rx_nohandler"},
    Counter{"multicast", std::nullopt, "multicast"},
    Counter{"collisions", std::nullopt, "collisions"},
    Counter{"transmit_bytes", std::nullopt, "tx_bytes"},
    Counter{"transmit_packets", std::nullopt, "tx_packets"},
    Counter{"transmit_errors", std::nullopt, "tx_errors"},
    Counter{"transmit_dropped", std::nullopt, "tx_dropped"},
    Counter{"transmit_aborted_errors", std::nullopt, "tx_aborted_errors"},
    Counter{"transmit_carrier_errors", std::nullopt, "tx_carrier_errors"},
    Counter{"transmit_fifo_errors", std::nullopt, "tx_fifo_errors"},
    Counter{"transmit_heartbeat_errors", std::nullopt, "tx_heartbeat_errors"},
    Counter{"transmit_window_errors", std::nullopt, "tx_window_errors"},
    Counter{"transmit_compressed", std::nullopt, "tx_compressed"},
};

std::string help_of(const Counter& counter) {
  const std::string name{counter.name};
  if (counter.column) return "Counter " + name + " of each network device, from /proc/net/dev.";
  return "Counter " + name + " of each network device, from /sys/class/net/<device>/statistics.";
}

class NetdevCollector final : public Collector {
 public:
  explicit NetdevCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    filter_flags_.add_to(flags, "network devices");
    flags.add("collector.netdev.address-info", address_info_, "Export the addresses of each network device.");
    flags.add("collector.netdev.enable-detailed-metrics", detailed_,
              "Export each of the kernel's counters under its own name, in place of those of /proc/net/dev.");
    flags.add("collector.netdev.netlink", netlink_,
              "Also export counters that /proc/net/dev does not have; they are read from /sys/class/net.");
    flags.add("collector.netdev.label-ifalias", label_alias_, "Add a label with each network device's alias.");
  }

  void start() override {
    filter_ = filter_flags_.compile();
    counters_ = kCounters;
    if (detailed_) counters_ = netlink_ ? std::span<const Counter>{kDetailedCounters} : kRenamedCounters;
    for (const auto& counter : counters_) helps_.push_back(help_of(counter));
  }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    read_devices();
    for (std::size_t i = 0; i < counters_.size(); ++i) add_counter(counters_[i], helps_[i], out.families);
    if (netlink_ && !detailed_) add_counter(kNohandler, nohandler_help_, out.families);
    if (address_info_) add_addresses(out.families);
  }

 private:
  bool ignores(std::string_view device) {
    return ignored_.get(device, [&] { return filter_.ignores(device); });
  }

  void read_devices() {
    devices_ = parse_net_dev(read_file(paths_.proc("net/dev"), buffer_));
    std::erase_if(devices_, [&](const NetDevice& device) { return ignores(device.name); });
    aliases_.clear();
    if (!label_alias_) return;
    for (const auto& device : devices_) aliases_.push_back(try_read_line(file_of(device, "ifalias")).value_or(""));
  }

  [[nodiscard]] std::string file_of(const NetDevice& device, std::string_view file) const {
    return paths_.sys("class/net/").append(device.name).append("/").append(file);
  }

  void add_counter(const Counter& counter, const std::string& help, Families& families) {
    std::optional<Family> family;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      const auto value =
          counter.column ? devices_[i].counters[*counter.column] : read_counter(devices_[i], counter.file);
      if (!value) continue;
      if (!family) family = families.counter("node_network_" + std::string{counter.name} + "_total", help);
      if (label_alias_) {
        family->add({{"device", devices_[i].name}, {"ifalias", aliases_[i]}}, static_cast<double>(*value));
      } else {
        family->add({{"device", devices_[i].name}}, static_cast<double>(*value));
      }
    }
  }

  std::optional<std::uint64_t> read_counter(const NetDevice& device, std::string_view file) {
    const auto text = try_read_file(file_of(device, "statistics/").append(file), file_buffer_);
    return text ? to_u64(trim(*text)) : std::nullopt;
  }

  void add_addresses(Families& families) {
    for (const auto& address : read_device_addresses()) {
      if (ignores(address.device)) continue;
      families.gauge("node_network_address_info", "Always 1; the labels tell the addresses of each network device.")
          .add({{"address", address.address},
                {"device", address.device},
                {"netmask", address.prefix},
                {"scope", address.scope}},
               1);
    }
  }

  const Paths& paths_;
  std::string buffer_;
  std::string file_buffer_;

  FilterFlags filter_flags_{{.exclude = "collector.netdev.device-exclude",
                             .include = "collector.netdev.device-include",
                             .old_exclude = "collector.netdev.device-blacklist"}};
  bool address_info_ = false;
  bool detailed_ = false;
  bool netlink_ = true;
  bool label_alias_ = false;

  DeviceFilter filter_;
  NameCache ignored_;
  std::span<const Counter> counters_;
  std::vector<std::string> helps_;
  std::string nohandler_help_ = help_of(kNohandler);
  /// Views into buffer_.
  std::vector<NetDevice> devices_;
  std::vector<std::string> aliases_;
};

NetDevice parse_line(std::string_view line) {
  // Names of old-fashioned aliases have a colon of their own.
  const auto colon = line.rfind(':');
  NetDevice device;
  if (colon != std::string_view::npos) device.name = trim(line.substr(0, colon));
  if (device.name.empty()) throw std::runtime_error("net/dev: a line has no device: " + quoted(line));
  auto rest = line.substr(colon + 1);
  for (auto& counter : device.counters) counter = field_u64(next_field(rest), "net/dev", device.name);
  return device;
}

}  // namespace

std::vector<NetDevice> parse_net_dev(std::string_view text) {
  std::vector<NetDevice> devices;
  for (int i = 0; i < 2; ++i) {
    const auto heading = next_line(text);
    if (!heading || heading->find('|') == std::string_view::npos) {
      throw std::runtime_error("net/dev: the headings are missing");
    }
  }
  while (const auto line = next_line(text)) {
    if (!trim(*line).empty()) devices.push_back(parse_line(*line));
  }
  return devices;
}

std::unique_ptr<Collector> make_netdev(const Paths& paths) { return std::make_unique<NetdevCollector>(paths); }

}  // namespace binnacle::system
