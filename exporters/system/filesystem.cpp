// SPDX-License-Identifier: Apache-2.0
#include "filesystem.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors.h"
#include "core/file.h"
#include "core/flags.h"
#include "core/job_runner.h"
#include "core/log.h"
#include "filter_flags.h"
#include "mountinfo.h"

namespace binnacle::system {

namespace {

constexpr auto kDefaultMountPointsExclude =
    R"(^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/))";
constexpr auto kDefaultTypesExclude =
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|"
    "proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$";

/// A healthy statfs takes microseconds; one that takes this long goes on by itself, on its own thread.
constexpr std::chrono::milliseconds kStall{50};
/// What is left of a scrape's time for writing the series once the last statfs was waited for.
constexpr std::chrono::milliseconds kMargin{100};

constexpr auto kTimeoutError = "mountpoint timeout";
constexpr auto kSkippedError = "mountpoint not reached in time";

/// How full a file system is: bytes and inodes.
struct Space {
  double size = 0;
  double free = 0;
  double avail = 0;
  double files = 0;
  double files_free = 0;
};

Space to_space(const struct statfs& raw) {
  const auto block = static_cast<double>(raw.f_bsize);
  return {.size = static_cast<double>(raw.f_blocks) * block,
          .free = static_cast<double>(raw.f_bfree) * block,
          .avail = static_cast<double>(raw.f_bavail) * block,
          .files = static_cast<double>(raw.f_files),
          .files_free = static_cast<double>(raw.f_ffree)};
}

/// The error's text as node_exporter writes it: no capital at its front ("permission denied", but "RPC ...").
std::string error_text(int error) {
  std::string text = std::generic_category().message(error);
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text.size() > 1 && is_upper(text[0]) && is_lower(text[1])) text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

/// What statfs last said of one mount point. Jobs share it, for a blocked one outlives the scrape and the collector.
struct Probe {
  std::string path;
  std::shared_ptr<const StatfsFunction> statfs_function;

  std::mutex mutex;
  std::optional<Space> space;  ///< the last good one
  Clock::time_point taken;     ///< when `space` was
  int error = 0;               ///< errno of the last statfs that returned

  void run() {
    struct statfs raw {};
    const int result = (*statfs_function)(path.c_str(), raw);
    const std::scoped_lock lock{mutex};
    error = result;
    if (result != 0) return;
    space = to_space(raw);
    taken = Clock::now();
  }
};

/// A place where something is mounted; what lies on top answers for all that is mounted there.
struct MountPoint {
  std::string path;
  /// What is mounted there: numbers of another file system must not be shown for this one.
  std::string identity;
  std::shared_ptr<Probe> probe;
  bool stuck = false;
};

/// One line of mountinfo that is reported.
struct Row {
  Mount mount;
  std::size_t point = 0;
  /// False when an earlier row has the same labels but for its device number.
  bool first = true;
};

/// What one scrape shows of a mount point.
struct Reading {
  std::string error;  ///< empty: none
  std::optional<Space> space;
  double age_seconds = 0;
  std::optional<bool> stuck;
};

Reading read_probe(Probe& probe, JobOutcome outcome) {
  Reading reading;
  const std::scoped_lock lock{probe.mutex};
  if (outcome == JobOutcome::done) {
    reading.stuck = false;
    if (probe.error != 0) {
      reading.error = error_text(probe.error);
    } else {
      reading.space = probe.space;
    }
    return reading;
  }
  reading.space = probe.space;
  if (probe.space) reading.age_seconds = std::chrono::duration<double>(Clock::now() - probe.taken).count();
  if (outcome == JobOutcome::skipped) {
    if (!probe.space) reading.error = kSkippedError;
  } else {
    reading.stuck = true;
    reading.error = kTimeoutError;
  }
  return reading;
}

class FilesystemCollector final : public Collector {
 public:
  FilesystemCollector(const Paths& paths, StatfsFunction statfs_function)
      : paths_(paths), statfs_function_(std::make_shared<const StatfsFunction>(std::move(statfs_function))) {}

  void add_flags(Flags& flags) override {
    mount_point_flags_.add_to(flags, "mount points");
    type_flags_.add_to(flags, "file system types");
    flags.add("collector.filesystem.mount-timeout", mount_timeout_,
              "How long a scrape waits for file systems that do not answer.");
  }

  void start() override {
    mount_point_filter_ = mount_point_flags_.compile();
    type_filter_ = type_flags_.compile();
  }

  void collect(const ScrapeContext& scrape, Output& out) override {
    refresh_mounts();
    const auto outcomes = probe_all(std::min(scrape.deadline - kMargin, Clock::now() + mount_timeout_));
    std::vector<Reading> readings;
    readings.reserve(points_.size());
    for (std::size_t i = 0; i < points_.size(); ++i) {
      readings.push_back(read_probe(*points_[i].probe, outcomes[i]));
      note_stuck(points_[i], readings.back());
    }
    for (const auto& row : rows_) write_row(out.families, row, readings[row.point]);
    write_facts(out, readings);
  }

 private:
  /// Reads mountinfo; parses and filters it only when it is another than in the last scrape.
  void refresh_mounts() {
    auto text = try_read_file(paths_.proc("1/mountinfo"), buffer_);
    // Absent where processes of others are hidden (hidepid).
    if (!text) text = read_file(paths_.proc("self/mountinfo"), buffer_);
    if (!mountinfo_.empty() && *text == mountinfo_) return;
    auto mounts = parse_mountinfo(*text);
    set_mounts(std::move(mounts));
    mountinfo_ = *text;
  }

  void set_mounts(std::vector<Mount> mounts) {
    std::unordered_map<std::string, MountPoint> old;
    for (auto& point : points_) old.emplace(point.path, std::move(point));
    points_.clear();
    rows_.clear();
    std::unordered_map<std::string, std::size_t> point_of;
    std::unordered_map<std::string, std::size_t> row_of;
    for (auto& mount : mounts) {
      mount.mount_point = strip_rootfs(mount.mount_point, paths_.rootfs);
      if (mount_point_filter_.ignores(mount.mount_point) || type_filter_.ignores(mount.fstype)) continue;

      const auto [point, new_point] = point_of.try_emplace(mount.mount_point, points_.size());
      if (new_point) points_.push_back({.path = mount.mount_point, .identity = {}, .probe = {}});
      const std::string labels = mount.device + '\n' + mount.fstype + '\n' + mount.mount_point;
      const std::string number = mount.major + ':' + mount.minor;
      points_[point->second].identity = labels + '\n' + number;

      const auto [row, new_row] = row_of.try_emplace(labels, rows_.size());
      if (!new_row) rows_[row->second].mount.read_only = mount.read_only;  // the later mount covers the earlier
      if (!row_of.try_emplace(labels + '\n' + number, rows_.size()).second) continue;
      rows_.push_back({.mount = std::move(mount), .point = point->second, .first = new_row});
    }
    for (auto& point : points_) {
      const auto known = old.find(point.path);
      if (known != old.end() && known->second.identity == point.identity) {
        point = std::move(known->second);
      } else {
        point.probe = std::make_shared<Probe>();
        point.probe->path = paths_.root(point.path);
        point.probe->statfs_function = statfs_function_;
      }
    }
  }

  std::vector<JobOutcome> probe_all(Clock::time_point deadline) {
    std::vector<Job> jobs;
    jobs.reserve(points_.size());
    for (const auto& point : points_) {
      jobs.push_back({.key = point.path, .lane = {}, .work = [probe = point.probe] { probe->run(); }});
    }
    return runner_.run(std::move(jobs), deadline);
  }

  static void note_stuck(MountPoint& point, const Reading& reading) {
    const bool stuck = reading.stuck.value_or(point.stuck);
    if (stuck && !point.stuck) log::warn("mount point does not answer", {{"mountpoint", point.path}});
    if (!stuck && point.stuck) log::info("mount point answers again", {{"mountpoint", point.path}});
    point.stuck = stuck;
  }

  static void write_row(Families& families, const Row& row, const Reading& reading) {
    const auto& mount = row.mount;
    if (reading.space) {
      families.gauge("node_filesystem_mount_info", "1 for each mount, with its device number, from /proc/1/mountinfo.")
          .add({{"device", mount.device},
                {"major", mount.major},
                {"minor", mount.minor},
                {"mountpoint", mount.mount_point}},
               1);
    }
    if (!row.first) return;
    const std::array<LabelView, 4> good{
        {{"device", mount.device}, {"device_error", ""}, {"fstype", mount.fstype}, {"mountpoint", mount.mount_point}}};
    auto with_error = good;
    with_error[1].second = reading.error;
    const std::array<LabelView, 3> plain{good[0], good[2], good[3]};

    families
        .gauge("node_filesystem_device_error",
               "1 when the file system cannot be asked how full it is: label device_error says why.")
        .add(with_error, reading.error.empty() ? 0 : 1);
    // Beside the values where there are any, so that a rule can match the two by all labels.
    families
        .gauge("node_filesystem_readonly", "1 when the mount or its file system is read-only, from /proc/1/mountinfo.")
        .add(reading.space ? good : with_error, mount.read_only ? 1 : 0);
    if (reading.stuck) {
      families
          .gauge("node_filesystem_stuck",
                 "1 when statfs() on the mount point has not come back; the other values are then the last known ones.")
          .add(plain, *reading.stuck ? 1 : 0);
    }
    if (!reading.space) return;
    const auto& space = *reading.space;
    families.gauge("node_filesystem_size_bytes", "Size of the file system, from statfs().").add(good, space.size);
    families.gauge("node_filesystem_free_bytes", "Free bytes, those kept for root included, from statfs().")
        .add(good, space.free);
    families.gauge("node_filesystem_avail_bytes", "Free bytes that any user may fill, from statfs().")
        .add(good, space.avail);
    families.gauge("node_filesystem_files", "Inodes that the file system has, from statfs().").add(good, space.files);
    families.gauge("node_filesystem_files_free", "Inodes that are free, from statfs().").add(good, space.files_free);
    families
        .gauge("node_filesystem_stat_age_seconds",
               "Age of the size and inode values: 0 when read in this scrape, more when statfs() does not come back.")
        .add(plain, reading.age_seconds);
  }

  void write_facts(Output& out, const std::vector<Reading>& readings) const {
    std::vector<bool> written(points_.size());
    for (const auto& row : rows_) {
      if (written[row.point]) continue;
      written[row.point] = true;
      const auto& reading = readings[row.point];
      const auto& path = points_[row.point].path;
      if (reading.stuck) out.fact("filesystem_stuck", *reading.stuck ? 1 : 0, path);
      if (!reading.space || row.mount.read_only) continue;  // what nobody writes to cannot fill up
      const auto& space = *reading.space;
      const double used = space.size - space.free;
      // As df counts: what is kept for root is neither used nor available.
      if (used + space.avail > 0) out.fact("filesystem_used_ratio", used / (used + space.avail), path);
      if (space.files > 0) out.fact("inodes_used_ratio", (space.files - space.files_free) / space.files, path);
    }
  }

  const Paths& paths_;
  const std::shared_ptr<const StatfsFunction> statfs_function_;
  FilterFlags mount_point_flags_{{.exclude = "collector.filesystem.mount-points-exclude",
                                  .include = "collector.filesystem.mount-points-include",
                                  .old_exclude = "collector.filesystem.ignored-mount-points"},
                                 kDefaultMountPointsExclude};
  FilterFlags type_flags_{{.exclude = "collector.filesystem.fs-types-exclude",
                           .include = "collector.filesystem.fs-types-include",
                           .old_exclude = "collector.filesystem.ignored-fs-types"},
                          kDefaultTypesExclude};
  std::chrono::milliseconds mount_timeout_{1000};
  DeviceFilter mount_point_filter_;
  DeviceFilter type_filter_;

  std::string buffer_;
  std::string mountinfo_;  ///< the text that points_ and rows_ were made from
  std::vector<MountPoint> points_;
  std::vector<Row> rows_;
  JobRunner runner_{{.stall = kStall}};
};

int kernel_statfs(const char* path, struct statfs& result) { return ::statfs(path, &result) == 0 ? 0 : errno; }

}  // namespace

std::unique_ptr<Collector> make_filesystem(const Paths& paths, StatfsFunction statfs_function) {
  return std::make_unique<FilesystemCollector>(paths, std::move(statfs_function));
}

std::unique_ptr<Collector> make_filesystem(const Paths& paths) { return make_filesystem(paths, kernel_statfs); }

}  // namespace binnacle::system
