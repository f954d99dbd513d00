// SPDX-License-Identifier: Apache-2.0
#include "netclass.h"

#include <net/if.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/text.h"
#include "device_filter.h"
#include "name_cache.h"
#include "sysfs_folder.h"

namespace binnacle::system {

namespace {

/// A number that is reported as it is.
struct Attribute {
  const char* file;
  std::string_view metric;
  std::string_view help;
  prometheus::MetricType type = prometheus::MetricType::Gauge;
};

constexpr auto kCounter = prometheus::MetricType::Counter;

constexpr std::array kAttributes{
    Attribute{"addr_assign_type", "node_network_address_assign_type",
              "How the device got its address (0 permanent, 1 random, 2 stolen, 3 set), from /sys/class/net."},
    Attribute{"carrier", "node_network_carrier", "1 if the device has a link, else 0, from /sys/class/net."},
    Attribute{"carrier_changes", "node_network_carrier_changes_total",
              "Times that the device's link came or went, from /sys/class/net.", kCounter},
    Attribute{"carrier_up_count", "node_network_carrier_up_changes_total",
              "Times that the device's link came, from /sys/class/net.", kCounter},
    Attribute{"carrier_down_count", "node_network_carrier_down_changes_total",
              "Times that the device's link went, from /sys/class/net.", kCounter},
    Attribute{"dev_id", "node_network_device_id", "Tells devices that share an address apart, from /sys/class/net."},
    Attribute{"dormant", "node_network_dormant",
              "1 if the device waits for something outside to come up, else 0, from /sys/class/net."},
    Attribute{"flags", "node_network_flags", "The IFF_* bits of the device, from /sys/class/net."},
    Attribute{"ifindex", "node_network_iface_id", "The kernel's number for the device, from /sys/class/net."},
    Attribute{"iflink", "node_network_iface_link",
              "The number of the device that this one sends through, from /sys/class/net."},
    Attribute{"link_mode", "node_network_iface_link_mode",
              "How the device follows its link (0 default, 1 dormant), from /sys/class/net."},
    Attribute{"mtu", "node_network_mtu_bytes", "Bytes that the largest packet may have, from /sys/class/net."},
    Attribute{"name_assign_type", "node_network_name_assign_type",
              "How the device got its name (1 by count, 2 predictable, 3 by a user, 4 renamed), from /sys/class/net."},
    Attribute{"netdev_group", "node_network_net_dev_group", "The group of the device, from /sys/class/net."},
    Attribute{"tx_queue_len", "node_network_transmit_queue_length",
              "Packets that the device's send queue may hold, from /sys/class/net."},
    Attribute{"type", "node_network_protocol_type", "The ARPHRD_* type of the device, from /sys/class/net."},
};

constexpr std::size_t kFlags = 7;
static_assert(std::string_view{kAttributes[kFlags].file} == "flags");

/// One device, read before any of it is reported.
struct Device {
  std::string name;
  std::string address;
  std::string broadcast;
  std::string duplex;
  std::string operstate;
  std::string alias;
  std::optional<std::int64_t> speed_bytes;
  std::array<std::optional<std::int64_t>, kAttributes.size()> numbers;
};

class NetclassCollector final : public Collector {
 public:
  explicit NetclassCollector(const Paths& paths) : paths_(paths) {}

  void add_flags(Flags& flags) override {
    flags.add(kIgnored, ignored_text_, "Regular expression of the network devices to leave out.");
    flags.add("collector.netclass.ignore-invalid-speed", ignore_invalid_speed_,
              "Leave out the speed of devices that do not know it.");
    flags.add("collector.netclass.netlink", netlink_,
              "Taken for compatibility; the attributes are read from /sys/class/net either way.");
  }

  void start() override { ignored_pattern_ = compile_pattern(ignored_text_, std::string{"--"} + kIgnored); }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto folder = paths_.sys("class/net/");
    const auto names = try_list_directory(folder);
    if (!names) throw NotApplicable(folder + " is absent or not readable");
    std::vector<Device> devices;
    for (const auto& name : *names) {
      if (ignored_.get(name, [&] { return re2::RE2::PartialMatch(name, *ignored_pattern_); })) continue;
      if (auto device = read_device(folder + name, name)) devices.push_back(*std::move(device));
    }
    add(devices, out.families);
  }

 private:
  static constexpr auto* kIgnored = "collector.netclass.ignored-devices";

  /// Nothing for what is no device: bonding keeps a plain file among them.
  [[nodiscard]] std::optional<Device> read_device(const std::string& path, const std::string& name) const {
    SysfsFolder folder{path};
    if (!folder.is_open()) return std::nullopt;
    const auto number = [&](const char* file) {
      const auto text = folder.read(file);
      return text ? parse_attribute(*text) : std::nullopt;
    };
    Device device;
    device.name = name;
    device.operstate = folder.read("operstate").value_or("");
    device.address = folder.read("address").value_or("");
    device.broadcast = folder.read("broadcast").value_or("");
    device.duplex = folder.read("duplex").value_or("");
    device.alias = folder.read("ifalias").value_or("");
    for (std::size_t i = 0; i < kAttributes.size(); ++i) device.numbers[i] = number(kAttributes[i].file);
    const auto speed = number("speed");
    if (speed && (*speed >= 0 || !ignore_invalid_speed_)) device.speed_bytes = speed_in_bytes(*speed);
    return device;
  }

  static void add(const std::vector<Device>& devices, Families& families) {
    if (devices.empty()) return;
    auto up = families.gauge("node_network_up", "1 if the device's operstate is \"up\", else 0, from /sys/class/net.");
    for (const auto& device : devices) up.add({{"device", device.name}}, device.operstate == "up" ? 1 : 0);

    auto info =
        families.gauge("node_network_info", "Always 1; the labels tell what /sys/class/net says of the device.");
    for (const auto& device : devices) {
      info.add({{"address", device.address},
                {"adminstate", admin_state(device.numbers[kFlags])},
                {"broadcast", device.broadcast},
                {"device", device.name},
                {"duplex", device.duplex},
                {"ifalias", device.alias},
                {"operstate", device.operstate}},
               1);
    }
    for (std::size_t i = 0; i < kAttributes.size(); ++i) {
      const auto& attribute = kAttributes[i];
      for (const auto& device : devices) {
        if (!device.numbers[i]) continue;
        families.family(attribute.metric, attribute.help, attribute.type)
            .add({{"device", device.name}}, static_cast<double>(*device.numbers[i]));
      }
    }
    for (const auto& device : devices) {
      if (!device.speed_bytes) continue;
      families.gauge("node_network_speed_bytes", "Speed of the device's link in bytes a second, from /sys/class/net.")
          .add({{"device", device.name}}, static_cast<double>(*device.speed_bytes));
    }
  }

  const Paths& paths_;

  std::string ignored_text_ = "^$";
  bool ignore_invalid_speed_ = false;
  bool netlink_ = false;
  std::unique_ptr<re2::RE2> ignored_pattern_;
  NameCache ignored_;
};

}  // namespace

std::optional<std::int64_t> parse_attribute(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("0x")) return to_i64(text);
  const auto value = to_u64(text.substr(2), 16);
  if (!value || *value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::string_view admin_state(std::optional<std::int64_t> flags) {
  if (!flags) return "unknown";
  return (static_cast<std::uint64_t>(*flags) & static_cast<std::uint64_t>(IFF_UP)) != 0 ? "up" : "down";
}

std::int64_t speed_in_bytes(std::int64_t megabits) {
  constexpr std::int64_t kBytesPerMegabit = 1'000'000 / 8;
  // No link comes near it; a broken driver's number must not overflow.
  constexpr std::int64_t kMost = INT64_MAX / kBytesPerMegabit;
  return std::clamp(megabits, -kMost, kMost) * kBytesPerMegabit;
}

std::unique_ptr<Collector> make_netclass(const Paths& paths) { return std::make_unique<NetclassCollector>(paths); }

}  // namespace binnacle::system
