// SPDX-License-Identifier: Apache-2.0
#include "filesystem.h"

#include <sys/vfs.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using namespace std::chrono_literals;
using binnacle::Clock;
using binnacle::Collector;
using binnacle::Flags;
using binnacle::Output;
using binnacle::series_of;
using binnacle::value_of;
using binnacle::system::collect_once;
using binnacle::system::make_filesystem;
using binnacle::system::TestTree;

namespace {

/// File systems that answer, fail or hang as a test wants.
class FakeFilesystems {
 public:
  int statfs(const std::string& path, struct statfs& result) {
    std::unique_lock lock{mutex_};
    ++calls_[path];
    ++inside_;
    changed_.wait(lock, [&] { return !hung_.contains(path); });
    --inside_;
    if (errors_.contains(path)) return errors_[path];
    result.f_bsize = 4096;
    result.f_blocks = blocks_;
    result.f_bfree = 40;
    result.f_bavail = 30;
    result.f_files = 1000;
    result.f_ffree = 250;
    return 0;
  }
  void hang(const std::string& path) {
    const std::scoped_lock lock{mutex_};
    hung_.insert(path);
  }
  void release() {
    const std::scoped_lock lock{mutex_};
    hung_.clear();
    changed_.notify_all();
  }
  void fail(const std::string& path, int error) {
    const std::scoped_lock lock{mutex_};
    errors_[path] = error;
  }
  void grow(unsigned long blocks) {
    const std::scoped_lock lock{mutex_};
    blocks_ = blocks;
  }
  int calls(const std::string& path) {
    const std::scoped_lock lock{mutex_};
    return calls_[path];
  }
  int inside() {
    const std::scoped_lock lock{mutex_};
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> calls_;
  std::map<std::string, int> errors_;
  std::set<std::string> hung_;
  unsigned long blocks_ = 100;
  int inside_ = 0;
};

constexpr auto kMounts =
    "29 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n"
    "30 29 8:3 / /boot ro,relatime shared:2 - ext4 /dev/sda3 ro\n"
    "31 29 0:5 / /dev rw shared:3 - devtmpfs udev rw\n"
    "32 29 0:6 / /proc rw shared:4 - proc proc rw\n"
    "40 29 0:44 / /srv/nfs rw shared:5 - nfs4 store:/data rw\n";

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels labels(const std::string& device, const std::string& fstype, const std::string& mount_point,
              const std::string& error = {}) {
  return {{"device", device}, {"device_error", error}, {"fstype", fstype}, {"mountpoint", mount_point}};
}
Labels plain(const std::string& device, const std::string& fstype, const std::string& mount_point) {
  return {{"device", device}, {"fstype", fstype}, {"mountpoint", mount_point}};
}
const Labels kNfs = labels("store:/data", "nfs4", "/srv/nfs");
const Labels kNfsTimeout = labels("store:/data", "nfs4", "/srv/nfs", "mountpoint timeout");
const Labels kNfsPlain = plain("store:/data", "nfs4", "/srv/nfs");

class Host {
 public:
  explicit Host(std::vector<const char*> flags = {"--collector.filesystem.mount-timeout=10m"}) {
    tree.paths.rootfs = "/";
    tree.write("proc/1/mountinfo", kMounts);
    make(std::move(flags));
  }
  ~Host() { fake->release(); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void make(std::vector<const char*> arguments) {
    collector = make_filesystem(
        tree.paths, [fake = fake](const char* path, struct statfs& result) { return fake->statfs(path, result); });
    Flags flags{"test", "", "1"};
    collector->add_flags(flags);
    arguments.insert(arguments.begin(), "test");
    flags.parse(static_cast<int>(arguments.size()), arguments.data());
    collector->start();
  }

  Output scrape(std::chrono::milliseconds time = 60s) const {
    Output out;
    collector->collect({.deadline = Clock::now() + time}, out);
    return out;
  }
  /// A scrape that has to wait for what hangs, up to its deadline.
  Output short_scrape() const { return scrape(1s); }

  TestTree tree;
  std::shared_ptr<FakeFilesystems> fake = std::make_shared<FakeFilesystems>();
  std::unique_ptr<Collector> collector;
};

template <typename Condition>
void eventually(Condition condition) {
  const auto limit = Clock::now() + 30s;
  while (!condition() && Clock::now() < limit) std::this_thread::sleep_for(1ms);
  REQUIRE(condition());
}

std::optional<double> fact(const Output& out, const std::string& name, const std::string& component) {
  for (const auto& found : out.facts) {
    if (found.name == name && found.component == component) return found.value;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("file systems show how full they are", "[filesystem]") {
  const Host host;
  const auto out = host.scrape();
  const auto root = labels("/dev/sda2", "ext4", "/");
  CHECK(value_of(out, "node_filesystem_size_bytes", root) == 409600);
  CHECK(value_of(out, "node_filesystem_free_bytes", root) == 163840);
  CHECK(value_of(out, "node_filesystem_avail_bytes", root) == 122880);
  CHECK(value_of(out, "node_filesystem_files", root) == 1000);
  CHECK(value_of(out, "node_filesystem_files_free", root) == 250);
  CHECK(value_of(out, "node_filesystem_device_error", root) == 0);
  CHECK(value_of(out, "node_filesystem_readonly", root) == 0);
  CHECK(value_of(out, "node_filesystem_readonly", labels("/dev/sda3", "ext4", "/boot")) == 1);
  CHECK(value_of(out, "node_filesystem_mount_info",
                 {{"device", "/dev/sda2"}, {"major", "8"}, {"minor", "2"}, {"mountpoint", "/"}}) == 1);
  CHECK(value_of(out, "node_filesystem_stuck", plain("/dev/sda2", "ext4", "/")) == 0);
  CHECK(value_of(out, "node_filesystem_stat_age_seconds", plain("/dev/sda2", "ext4", "/")) == 0);
  CHECK(series_of(out, "node_filesystem_size_bytes") == 3);  // not /dev and /proc
  CHECK(host.fake->calls("/") == 1);
  CHECK(host.fake->calls("/proc") == 0);
}

TEST_CASE("facts are for what can fill up", "[filesystem]") {
  const Host host;
  const auto out = host.scrape();
  CHECK(fact(out, "filesystem_used_ratio", "/") == Approx(60.0 / 90.0));
  CHECK(fact(out, "inodes_used_ratio", "/") == Approx(0.75));
  CHECK(fact(out, "filesystem_stuck", "/") == 0);
  CHECK(fact(out, "filesystem_stuck", "/boot") == 0);
  CHECK_FALSE(fact(out, "filesystem_used_ratio", "/boot"));
  CHECK_FALSE(fact(out, "inodes_used_ratio", "/boot"));
}

TEST_CASE("flags choose mount points and types", "[filesystem]") {
  Host host;
  host.make(
      {"--collector.filesystem.mount-points-include=^/(boot|proc)$", "--collector.filesystem.fs-types-exclude=^none$"});
  const auto out = host.scrape();
  CHECK(series_of(out, "node_filesystem_size_bytes") == 2);
  CHECK(value_of(out, "node_filesystem_size_bytes", labels("proc", "proc", "/proc")));

  host.make(
      {"--collector.filesystem.ignored-mount-points=^/(proc|boot)$", "--collector.filesystem.ignored-fs-types=nfs4"});
  const auto other = host.scrape();
  CHECK(series_of(other, "node_filesystem_size_bytes") == 2);
  CHECK(value_of(other, "node_filesystem_size_bytes", labels("udev", "devtmpfs", "/dev")));
}

TEST_CASE("mounts come from the own process where those of the first are hidden", "[filesystem]") {
  const Host host;
  host.tree.remove("proc/1");
  CHECK_THROWS_WITH(host.scrape(), Catch::Contains("self/mountinfo"));
  host.tree.write("proc/self/mountinfo", "29 1 8:2 / /only rw - ext4 /dev/sda2 rw\n");
  CHECK(series_of(host.scrape(), "node_filesystem_size_bytes") == 1);
}

TEST_CASE("in a container, statfs asks below the host's root", "[filesystem]") {
  Host host;
  host.tree.paths.rootfs = "/host";
  host.tree.write("proc/1/mountinfo",
                  "29 1 8:2 / /host rw - ext4 /dev/sda2 rw\n30 1 8:3 / /host/data\\134x rw - ext4 /dev/sda3 rw\n");
  const auto out = host.scrape();
  CHECK(value_of(out, "node_filesystem_size_bytes", labels("/dev/sda2", "ext4", "/")));
  CHECK(value_of(out, "node_filesystem_size_bytes", labels("/dev/sda3", "ext4", "/data\\x")));
  CHECK(host.fake->calls("/host/") == 1);
  CHECK(host.fake->calls("/host/data\\x") == 1);
}

TEST_CASE("a file system that fails says why, and has no values", "[filesystem]") {
  const Host host;
  CHECK(value_of(host.scrape(), "node_filesystem_size_bytes", kNfs));
  host.fake->fail("/srv/nfs", EACCES);
  const auto out = host.scrape();
  const auto denied = labels("store:/data", "nfs4", "/srv/nfs", "permission denied");
  CHECK(value_of(out, "node_filesystem_device_error", denied) == 1);
  CHECK(value_of(out, "node_filesystem_readonly", denied) == 0);
  CHECK(value_of(out, "node_filesystem_stuck", kNfsPlain) == 0);
  CHECK_FALSE(value_of(out, "node_filesystem_size_bytes", kNfs));
  CHECK_FALSE(value_of(out, "node_filesystem_stat_age_seconds", kNfsPlain));
  CHECK(series_of(out, "node_filesystem_mount_info") == 2);
}

TEST_CASE("what is mounted over something else is asked once, and shown once", "[filesystem]") {
  const Host host;
  host.tree.write("proc/1/mountinfo",
                  "29 1 8:2 / /a rw - ext4 /dev/sda2 rw\n"
                  "30 1 8:2 / /a ro - ext4 /dev/sda2 rw\n"  // the same again
                  "31 1 0:70 / /b rw - tmpfs tmpfs rw\n"
                  "32 1 0:71 / /b ro - tmpfs tmpfs rw\n"      // of the same labels, but for its number
                  "33 1 8:3 / /b rw - ext4 /dev/sda3 rw\n");  // another device
  const auto out = host.scrape();
  CHECK(host.fake->calls("/a") == 1);
  CHECK(host.fake->calls("/b") == 1);
  CHECK(series_of(out, "node_filesystem_size_bytes") == 3);
  CHECK(series_of(out, "node_filesystem_stuck") == 3);
  CHECK(series_of(out, "node_filesystem_mount_info") == 4);
  CHECK(value_of(out, "node_filesystem_readonly", labels("/dev/sda2", "ext4", "/a")) == 1);
  CHECK(value_of(out, "node_filesystem_readonly", labels("tmpfs", "tmpfs", "/b")) == 1);
}

TEST_CASE("a hung mount shows its last values, delays no later scrape, and comes back by itself", "[filesystem]") {
  const Host host;
  host.scrape();
  host.fake->hang("/srv/nfs");

  const auto first = host.short_scrape();  // waits until its deadline, then goes without
  CHECK(value_of(first, "node_filesystem_stuck", kNfsPlain) == 1);
  CHECK(value_of(first, "node_filesystem_device_error", kNfsTimeout) == 1);
  CHECK_FALSE(value_of(first, "node_filesystem_device_error", kNfs));
  CHECK(value_of(first, "node_filesystem_size_bytes", kNfs) == 409600);
  CHECK(value_of(first, "node_filesystem_readonly", kNfs) == 0);
  const auto age = value_of(first, "node_filesystem_stat_age_seconds", kNfsPlain);
  REQUIRE(age);
  CHECK(*age > 0);
  CHECK(value_of(first, "node_filesystem_size_bytes", labels("/dev/sda2", "ext4", "/")) == 409600);
  CHECK(fact(first, "filesystem_stuck", "/srv/nfs") == 1);
  CHECK(fact(first, "filesystem_used_ratio", "/srv/nfs"));

  // These would wait for a minute each if they waited at all; and would pile up if they asked again.
  const auto before = Clock::now();
  for (int i = 0; i < 20; ++i) CHECK(value_of(host.scrape(), "node_filesystem_stuck", kNfsPlain) == 1);
  CHECK(Clock::now() - before < 60s);
  CHECK(host.fake->calls("/srv/nfs") == 2);
  CHECK(host.fake->inside() == 1);

  host.fake->grow(200);
  host.fake->release();
  eventually([&] { return value_of(host.scrape(), "node_filesystem_stuck", kNfsPlain) == 0; });
  const auto after = host.scrape();
  CHECK(value_of(after, "node_filesystem_size_bytes", kNfs) == 819200);
  CHECK(value_of(after, "node_filesystem_stat_age_seconds", kNfsPlain) == 0);
  CHECK(value_of(after, "node_filesystem_device_error", kNfs) == 0);
}

TEST_CASE("a mount that hangs from the start has no values", "[filesystem]") {
  const Host host;
  host.fake->hang("/srv/nfs");
  const auto out = host.short_scrape();
  CHECK(value_of(out, "node_filesystem_stuck", kNfsPlain) == 1);
  CHECK(value_of(out, "node_filesystem_device_error", kNfsTimeout) == 1);
  CHECK(value_of(out, "node_filesystem_readonly", kNfsTimeout) == 0);
  CHECK_FALSE(value_of(out, "node_filesystem_size_bytes", kNfs));
  CHECK_FALSE(value_of(out, "node_filesystem_stat_age_seconds", kNfsPlain));
  CHECK(series_of(out, "node_filesystem_size_bytes") == 2);
}

TEST_CASE("the wait for hung mounts ends at --collector.filesystem.mount-timeout", "[filesystem]") {
  const Host host{{"--collector.filesystem.mount-timeout=20ms"}};
  host.fake->hang("/srv/nfs");
  // On a slow machine the mount may not even have been asked after so short a wait.
  eventually([&] {
    const auto before = Clock::now();
    const auto out = host.scrape(1h);
    CHECK(Clock::now() - before < 30min);
    return value_of(out, "node_filesystem_stuck", kNfsPlain) == 1;
  });
}

TEST_CASE("without time to ask, the last values stand with their age", "[filesystem]") {
  const Host host;
  const auto none = host.scrape(-1s);
  CHECK(value_of(none, "node_filesystem_device_error",
                 labels("/dev/sda2", "ext4", "/", "mountpoint not reached in time")) == 1);
  CHECK(series_of(none, "node_filesystem_stuck") == 0);
  CHECK(series_of(none, "node_filesystem_size_bytes") == 0);

  host.scrape();
  const auto late = host.scrape(-1s);
  const auto root = labels("/dev/sda2", "ext4", "/");
  CHECK(value_of(late, "node_filesystem_size_bytes", root) == 409600);
  CHECK(value_of(late, "node_filesystem_device_error", root) == 0);
  CHECK(*value_of(late, "node_filesystem_stat_age_seconds", plain("/dev/sda2", "ext4", "/")) > 0);
  CHECK_FALSE(fact(late, "filesystem_stuck", "/"));
}

TEST_CASE("a hung mount that is unmounted is forgotten, and another one there starts anew", "[filesystem]") {
  const Host host;
  host.scrape();
  host.fake->hang("/srv/nfs");
  host.short_scrape();
  host.tree.write("proc/1/mountinfo", "29 1 8:2 / / rw - ext4 /dev/sda2 rw\n");
  const auto without = host.scrape();
  CHECK(series_of(without, "node_filesystem_stuck") == 1);

  // Mounted again while the old statfs still hangs: stuck, but without the values of what was there before.
  host.tree.write("proc/1/mountinfo", "41 1 0:99 / /srv/nfs rw - nfs4 other:/data rw\n");
  const auto again = host.scrape();
  CHECK(value_of(again, "node_filesystem_stuck", plain("other:/data", "nfs4", "/srv/nfs")) == 1);
  CHECK(series_of(again, "node_filesystem_size_bytes") == 0);

  host.fake->release();
  eventually([&] { return series_of(host.scrape(), "node_filesystem_size_bytes") == 1; });
  CHECK(host.fake->inside() == 0);
}

TEST_CASE("a mount that stays keeps its values when others come and go", "[filesystem]") {
  const Host host;
  host.scrape();
  host.fake->hang("/srv/nfs");
  host.tree.write("proc/1/mountinfo", std::string{kMounts} + "50 29 8:9 / /new rw - xfs /dev/sdb1 rw\n");
  const auto out = host.scrape(3s);
  CHECK(value_of(out, "node_filesystem_size_bytes", kNfs) == 409600);
  CHECK(value_of(out, "node_filesystem_size_bytes", labels("/dev/sdb1", "xfs", "/new")) == 409600);
}

TEST_CASE("a mountinfo that cannot be understood keeps the collector working for the next one", "[filesystem]") {
  const Host host;
  host.scrape();
  host.tree.write("proc/1/mountinfo", "garbage\n");
  CHECK_THROWS_WITH(host.scrape(), Catch::StartsWith("mountinfo: line 1"));
  CHECK_THROWS_WITH(host.scrape(), Catch::StartsWith("mountinfo: line 1"));
  host.tree.write("proc/1/mountinfo", "");
  CHECK_THROWS_WITH(host.scrape(), "mountinfo: expected at least one mount, got nothing");
  host.tree.write("proc/1/mountinfo", kMounts);
  CHECK(series_of(host.scrape(), "node_filesystem_size_bytes") == 3);
}

TEST_CASE("the collector goes away while a statfs of its still hangs", "[filesystem]") {
  const auto fake = std::make_shared<FakeFilesystems>();
  {
    Host host;
    host.collector = make_filesystem(
        host.tree.paths, [fake](const char* path, struct statfs& result) { return fake->statfs(path, result); });
    host.collector->start();
    fake->hang("/srv/nfs");
    host.short_scrape();
  }
  CHECK(fake->inside() == 1);
  fake->release();
  eventually([&] { return fake->inside() == 0; });
  eventually([&] { return fake.use_count() == 1; });
}

TEST_CASE("the kernel's statfs tells of the real root", "[filesystem]") {
  const TestTree tree;
  auto paths = tree.paths;
  paths.rootfs = "/";
  tree.write("proc/1/mountinfo",
             "1 0 8:1 / / rw - ext4 /dev/root rw\n2 1 8:1 / /no/such/place rw - ext4 /dev/root rw\n");
  const auto collector = make_filesystem(paths);
  collector->start();
  const auto out = collect_once(*collector);
  const auto size = value_of(out, "node_filesystem_size_bytes", labels("/dev/root", "ext4", "/"));
  REQUIRE(size);
  CHECK(*size > 0);
  CHECK(value_of(out, "node_filesystem_device_error",
                 labels("/dev/root", "ext4", "/no/such/place", "no such file or directory")) == 1);
}
