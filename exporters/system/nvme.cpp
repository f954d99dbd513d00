// SPDX-License-Identifier: Apache-2.0
#include "nvme.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

std::optional<std::string_view> nvme_namespace_id(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789";
  if (!name.starts_with("nvme")) return std::nullopt;
  name.remove_prefix(4);
  const auto controller_end = name.find_first_not_of(kDigits);
  if (controller_end == 0 || controller_end == std::string_view::npos || name[controller_end] != 'n')
    return std::nullopt;
  name.remove_prefix(controller_end + 1);
  if (name.empty() || name.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  return name;
}

namespace {

class NvmeCollector final : public Collector {
 public:
  explicit NvmeCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto root = paths_.sys("class/nvme");
    const auto devices = try_list_directory(root);
    if (!devices) throw NotApplicable(root + " is absent: no NVMe devices");
    for (const auto& device : *devices) {
      const auto folder = root + '/' + device + '/';
      const auto files = try_list_directory(folder);
      if (!files) continue;
      write_device(out.families, device, folder);
      for (const auto& file : *files) {
        if (const auto id = nvme_namespace_id(file)) write_namespace(out.families, device, *id, folder + file + '/');
      }
    }
  }

 private:
  std::optional<double> number(const std::string& path) {
    const auto text = try_read_file(path, buffer_);
    const auto value = text ? to_u64(trim(*text)) : std::nullopt;
    return value ? std::optional{static_cast<double>(*value)} : std::nullopt;
  }

  static void write_device(Families& families, const std::string& device, const std::string& folder) {
    const auto attribute = [&](const char* name) { return try_read_line(folder + name).value_or(""); };
    families.gauge("node_nvme_info", "1 for each NVMe controller, with what /sys/class/nvme/<device> says of it.")
        .add({{"cntlid", attribute("cntlid")},
              {"device", device},
              {"firmware_revision", attribute("firmware_rev")},
              {"model", attribute("model")},
              {"serial", attribute("serial")},
              {"state", attribute("state")}},
             1);
  }

  /// Kernels before 6.8 have no number of used blocks, and only disks with several paths have an ANA state.
  void write_namespace(Families& families, const std::string& device, std::string_view id, const std::string& folder) {
    const std::initializer_list<LabelView> labels{{"device", device}, {"nsid", id}};
    families.gauge("node_nvme_namespace_info", "1 for each NVMe namespace, from /sys/class/nvme/<device>/<namespace>.")
        .add({{"ana_state", try_read_line(folder + "ana_state").value_or("unknown")}, {"device", device}, {"nsid", id}},
             1);
    const auto block = number(folder + "queue/logical_block_size");
    if (!block) return;
    families
        .gauge("node_nvme_namespace_logical_block_size_bytes",
               "Logical block size of the NVMe namespace, from its queue/logical_block_size.")
        .add(labels, *block);
    if (const auto size = number(folder + "size")) {
      families
          .gauge("node_nvme_namespace_capacity_bytes",
                 "The file size of the NVMe namespace, times its logical block size.")
          .add(labels, *size * *block);
      families
          .gauge("node_nvme_namespace_size_bytes", "The file size of the NVMe namespace, times its logical block size.")
          .add(labels, *size * *block);
    }
    if (const auto used = number(folder + "nuse")) {
      families
          .gauge("node_nvme_namespace_used_bytes",
                 "Used bytes of the NVMe namespace: its nuse, times its logical block size.")
          .add(labels, *used * *block);
    }
  }

  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Collector> make_nvme(const Paths& paths) { return std::make_unique<NvmeCollector>(paths); }

}  // namespace binnacle::system
