// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

namespace {

class TimeCollector final : public Collector {
 public:
  explicit TimeCollector(const Paths& paths) : paths_(paths) {}

  void start() override { ::tzset(); }

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    timespec now{};
    tm local{};
    if (::clock_gettime(CLOCK_REALTIME, &now) != 0 || ::localtime_r(&now.tv_sec, &local) == nullptr) {
      throw std::runtime_error("time: the clock cannot be read");
    }
    out.families.gauge("node_time_seconds", "Time of the machine's clock in seconds since 1970.")
        .add(static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9);
    out.families.gauge("node_time_zone_offset_seconds", "Seconds by which the exporter's time zone is ahead of UTC.")
        .add({{"time_zone", local.tm_zone}}, static_cast<double>(local.tm_gmtoff));
    collect_clocksources(out.families);
  }

 private:
  void collect_clocksources(Families& families) {
    const auto folder = paths_.sys("devices/system/clocksource/");
    std::size_t device = 0;
    for (const auto& name : try_list_directory(folder).value_or(std::vector<std::string>{})) {
      if (!name.starts_with("clocksource")) continue;
      const auto number = std::to_string(device++);
      const auto path = folder + name;
      if (auto names = try_read_file(path + "/available_clocksource", buffer_)) {
        for (auto source = next_field(*names); !source.empty(); source = next_field(*names)) {
          families
              .gauge("node_time_clocksource_available_info",
                     "Always 1; a clock that the kernel could use, from /sys/devices/system/clocksource.")
              .add({{"clocksource", source}, {"device", number}}, 1);
        }
      }
      if (const auto current = try_read_file(path + "/current_clocksource", buffer_)) {
        families
            .gauge("node_time_clocksource_current_info",
                   "Always 1; the clock that the kernel uses, from /sys/devices/system/clocksource.")
            .add({{"clocksource", trim(*current)}, {"device", number}}, 1);
      }
    }
  }

  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_time(const Paths& paths) { return std::make_unique<TimeCollector>(paths); }

}  // namespace binnacle::system
