// SPDX-License-Identifier: Apache-2.0
#include "process_groups.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "core/strict_yaml.h"
#include "process_tracker.h"
#include "test_fixtures.h"
#include "test_tree.h"

using namespace binnacle;
using namespace binnacle::system;

namespace {

struct Sample {
  std::string comm = "worker";
  char state = 'S';
  int parent = 1;
  std::uint64_t user_ticks = 0;
  std::uint64_t start_ticks = 1000;
  std::uint64_t threads = 1;
  std::uint64_t switches = 0;
  std::uint64_t read_bytes = 0;
  int open_files = 2;
  std::string command{};
};

std::string status_of(std::uint64_t switches) {
  return "Uid:\t33\t33\t33\t33\nVmSwap:\t8 kB\nvoluntary_ctxt_switches:\t" + std::to_string(switches) +
         "\nnonvoluntary_ctxt_switches:\t1\n";
}

/// A host whose processes a test makes up, and the collector that looks at them.
class Host {
 public:
  explicit Host(const std::string& config, const std::vector<const char*>& arguments = {}) {
    tree.write("proc/stat", "btime 1700000000\n");
    tree.write("root/etc/passwd", "www-data:x:33:33::/:/bin/sh\n");
    configure(config);
    collector_ = make_process_groups(tree.paths, groups_);
    Flags flags{"test", "", ""};
    collector_->add_flags(flags);
    std::vector<const char*> argv{"test"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    flags.parse(static_cast<int>(argv.size()), argv.data());
  }

  void configure(const std::string& config) {
    auto yaml = YamlMap::from_text(config, "config.yml");
    groups_.set(ProcessGroups::parse(yaml));
  }

  void write(int pid, const Sample& s) const {
    const auto folder = "proc/" + std::to_string(pid);
    tree.write(folder + "/stat", std::to_string(pid) + " (" + s.comm + ") " + s.state + " " + std::to_string(s.parent) +
                                     " 1 1 0 -1 0 11 0 3 0 " + std::to_string(s.user_ticks) + " 5 0 0 20 0 " +
                                     std::to_string(s.threads) + " 0 " + std::to_string(s.start_ticks) + " 4096 2\n");
    tree.write(folder + "/status", status_of(s.switches));
    tree.write(folder + "/cmdline", s.command.empty() ? "/bin/" + s.comm : s.command);
    tree.write(folder + "/io", "read_bytes: " + std::to_string(s.read_bytes) + "\nwrite_bytes: 7\n");
    tree.write(folder + "/limits", "Max open files            8                 16                files\n");
    tree.remove(folder + "/fd");
    for (int fd = 0; fd < s.open_files; ++fd) tree.write(folder + "/fd/" + std::to_string(fd), "");
  }
  void end(int pid) const { tree.remove("proc/" + std::to_string(pid)); }
  void write_thread(int pid, int tid, std::uint64_t switches) const {
    tree.write("proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/status", status_of(switches));
  }

  void scrape() { last_ = std::make_unique<Output>(collect_once(*collector_)); }
  [[nodiscard]] std::optional<double> get(const std::string& name, const std::string& group,
                                          std::vector<std::pair<std::string, std::string>> more = {}) const {
    more.insert(more.begin(), {"groupname", group});
    return value_of(*last_, "namedprocess_namegroup_" + name, more);
  }
  [[nodiscard]] std::optional<double> processes(const std::string& group) const { return get("num_procs", group); }
  [[nodiscard]] std::optional<double> user_cpu(const std::string& group) const {
    return get("cpu_seconds_total", group, {{"mode", "user"}});
  }
  [[nodiscard]] std::size_t families() const { return last_->families.all().size(); }

  TestTree tree;

 private:
  ProcessGroups groups_;
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<Output> last_;
};

const std::string kWorkers = "process_names: [{name: workers, comm: [worker]}]";

}  // namespace

TEST_CASE("without groups the collector is quiet", "[process_groups]") {
  Host host{""};
  host.write(10, {});
  host.scrape();
  CHECK(host.families() == 0);
}

TEST_CASE("a group sums up what its processes are", "[process_groups]") {
  Host host{kWorkers};
  host.write(10, {.start_ticks = 900, .threads = 3, .open_files = 2});
  host.write(11, {.state = 'D', .start_ticks = 1234, .open_files = 6});
  host.write(12, {.comm = "other"});
  host.scrape();
  CHECK(host.processes("workers") == 2);
  CHECK(host.get("num_threads", "workers") == 4);
  CHECK(host.get("memory_bytes", "workers", {{"memtype", "resident"}}) ==
        4.0 * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  CHECK(host.get("memory_bytes", "workers", {{"memtype", "virtual"}}) == 8192);
  CHECK(host.get("memory_bytes", "workers", {{"memtype", "swapped"}}) == 16384);
  CHECK(host.get("open_filedesc", "workers") == 8);
  CHECK(host.get("worst_fd_ratio", "workers") == 0.75);
  CHECK(host.get("oldest_start_time_seconds", "workers") == 1700000009);
  CHECK(host.get("states", "workers", {{"state", "Sleeping"}}) == 1);
  CHECK(host.get("states", "workers", {{"state", "Waiting"}}) == 1);
  CHECK(host.get("states", "workers", {{"state", "Running"}}) == 0);
  CHECK(host.get("states", "workers", {{"state", "Zombie"}}) == 0);
  CHECK(host.get("states", "workers", {{"state", "Other"}}) == 0);
}

TEST_CASE("counters start at 0 for what ran before, and never fall", "[process_groups]") {
  Host host{kWorkers};
  host.write(10, {.user_ticks = 5000, .switches = 100, .read_bytes = 4096});
  host.scrape();
  CHECK(host.user_cpu("workers") == 0);
  CHECK(host.get("context_switches_total", "workers", {{"ctxswitchtype", "voluntary"}}) == 0);
  CHECK(host.get("read_bytes_total", "workers") == 0);

  host.write(10, {.user_ticks = 5150, .switches = 130, .read_bytes = 8192});
  host.write(11, {.user_ticks = 50, .start_ticks = 2000, .switches = 7, .read_bytes = 100});  // started meanwhile
  host.scrape();
  CHECK(host.user_cpu("workers") == 2.0);
  CHECK(host.get("cpu_seconds_total", "workers", {{"mode", "system"}}) == 0.05);
  CHECK(host.get("minor_page_faults_total", "workers") == 11);
  CHECK(host.get("major_page_faults_total", "workers") == 3);
  CHECK(host.get("context_switches_total", "workers", {{"ctxswitchtype", "voluntary"}}) == 37);
  CHECK(host.get("context_switches_total", "workers", {{"ctxswitchtype", "nonvoluntary"}}) == 1);
  CHECK(host.get("read_bytes_total", "workers") == 4196);
  CHECK(host.get("write_bytes_total", "workers") == 7);

  host.end(10);
  host.end(11);
  host.scrape();
  CHECK(host.processes("workers") == 0);
  CHECK(host.user_cpu("workers") == 2.0);
  CHECK(host.get("memory_bytes", "workers", {{"memtype", "resident"}}) == 0);
  CHECK_FALSE(host.get("oldest_start_time_seconds", "workers"));

  host.write(10, {.user_ticks = 25, .start_ticks = 3000});  // the pid is used again
  host.scrape();
  CHECK(host.user_cpu("workers") == 2.25);
  host.write(10, {.user_ticks = 24, .start_ticks = 3000});
  host.scrape();
  CHECK(host.user_cpu("workers") == 2.25);
}

TEST_CASE("context switches are of all threads, whichever end", "[process_groups]") {
  Host host{kWorkers};
  const auto voluntary = [&] {
    return host.get("context_switches_total", "workers", {{"ctxswitchtype", "voluntary"}});
  };
  host.write(10, {.threads = 3, .switches = 10});
  host.write_thread(10, 10, 10);
  host.write_thread(10, 11, 500);
  host.write_thread(10, 12, 700);
  host.scrape();
  CHECK(voluntary() == 0);
  host.write(10, {.threads = 3, .switches = 11});
  host.write_thread(10, 11, 520);
  host.tree.remove("proc/10/task/12");
  host.write_thread(10, 13, 4);
  host.scrape();
  CHECK(voluntary() == 1 + 20 + 4);
}

TEST_CASE("context switches can be left out", "[process_groups]") {
  Host host{kWorkers, {"--no-collector.process_groups.threads"}};
  host.write(10, {});
  host.scrape();
  CHECK(host.processes("workers") == 1);
  CHECK_FALSE(host.get("context_switches_total", "workers", {{"ctxswitchtype", "voluntary"}}));
}

TEST_CASE("children belong to their ancestor's group", "[process_groups]") {
  Host host{kWorkers};
  host.write(10, {});
  host.write(20, {.comm = "sh", .parent = 10});
  host.write(5, {.comm = "grep", .parent = 20});  // a lower pid than its parent
  host.write(30, {.comm = "sh", .parent = 1});
  host.write(31, {.comm = "loop", .parent = 31});
  host.scrape();
  CHECK(host.processes("workers") == 3);
  host.end(20);
  host.write(5, {.comm = "grep", .parent = 1});  // its parent is gone: it stays
  host.scrape();
  CHECK(host.processes("workers") == 2);
}

TEST_CASE("children can be left to themselves", "[process_groups]") {
  Host host{kWorkers, {"--no-collector.process_groups.children"}};
  host.write(10, {});
  host.write(20, {.comm = "sh", .parent = 10});
  host.scrape();
  CHECK(host.processes("workers") == 1);
}

TEST_CASE("a process that becomes another program changes its group", "[process_groups]") {
  Host host{"process_names: [{name: '{{.Comm}}', comm: [worker, shell]}, {name: by-line, cmdline: [special]}]"};
  host.scrape();
  host.write(10, {.comm = "shell", .user_ticks = 100});
  host.write(11, {.comm = "sh"});
  host.scrape();
  CHECK(host.user_cpu("shell") == 1.0);
  host.write(10, {.comm = "worker", .user_ticks = 300});
  host.write(11, {.comm = "sh", .user_ticks = 10, .command = "special"});  // the same name: seen at the second sight
  host.scrape();
  CHECK(host.processes("shell") == 0);
  CHECK(host.user_cpu("shell") == 1.0);
  CHECK(host.user_cpu("worker") == 2.0);
  CHECK(host.processes("by-line") == 1);
  CHECK(host.user_cpu("by-line") == 0.1);
}

TEST_CASE("groups by user", "[process_groups]") {
  Host host{"process_names: [{name: '{{.Username}}', comm: [worker]}]"};
  host.write(10, {});
  host.scrape();
  CHECK(host.processes("www-data") == 1);
}

TEST_CASE("a reload keeps the counters of groups that stay", "[process_groups]") {
  Host host{
      "process_names: [{name: workers, comm: [worker]}, {name: old, comm: [shell]}, {name: '{{.Comm}}', comm: "
      "[tool]}]"};
  host.scrape();
  host.write(10, {.user_ticks = 100});
  host.write(11, {.comm = "shell", .user_ticks = 100});
  host.write(12, {.comm = "tool", .user_ticks = 100});
  host.write(13, {.comm = "sh", .parent = 10});
  host.scrape();
  host.end(12);
  host.write(13, {.comm = "sh", .parent = 1});
  host.scrape();
  CHECK(host.processes("workers") == 2);

  host.configure(
      "process_names: [{name: workers, exe: [worker]}, {name: new, comm: [shell]}, {name: '{{.Comm}}', comm: [tool]}]");
  host.write(11, {.comm = "shell", .user_ticks = 150});
  host.scrape();
  CHECK(host.processes("workers") == 2);  // also the orphan that was its child
  CHECK(host.user_cpu("workers") == 1.0);
  CHECK(host.user_cpu("new") == 0.5);
  CHECK(host.user_cpu("tool") == 1.0);
  CHECK_FALSE(host.processes("old"));

  host.configure("");
  host.scrape();
  CHECK(host.families() == 0);
  host.configure(kWorkers);
  host.scrape();
  CHECK(host.user_cpu("workers") == 0);
}

TEST_CASE("groups with a fixed name are there from the start, others once seen", "[process_groups]") {
  Host host{"process_names: [{name: workers, comm: [worker]}, {name: '{{.Comm}}', comm: [tool]}]"};
  host.scrape();
  CHECK(host.processes("workers") == 0);
  CHECK(host.get("open_filedesc", "workers") == 0);
  CHECK_FALSE(host.processes("tool"));
  host.write(10, {.comm = "tool"});
  host.scrape();
  host.end(10);
  host.scrape();
  CHECK(host.processes("tool") == 0);
}

TEST_CASE("what a process hides is left out for its group", "[process_groups]") {
  Host host{kWorkers};
  host.write(10, {});
  host.write(11, {});
  host.tree.remove("proc/11/io");
  host.tree.remove("proc/11/fd");
  host.scrape();
  CHECK(host.processes("workers") == 2);
  CHECK_FALSE(host.get("read_bytes_total", "workers"));
  CHECK_FALSE(host.get("open_filedesc", "workers"));
  CHECK_FALSE(host.get("worst_fd_ratio", "workers"));
  host.end(10);
  host.end(11);
  host.scrape();
  CHECK_FALSE(host.get("read_bytes_total", "workers"));  // still not known
  host.write(12, {.start_ticks = 5000});
  host.scrape();
  CHECK(host.get("open_filedesc", "workers") == 2);
  CHECK(host.get("read_bytes_total", "workers").has_value());
}

TEST_CASE("a zombie hides nothing", "[process_groups]") {
  Host host{kWorkers};
  host.write(10, {});
  host.write(11, {.state = 'Z'});
  host.tree.remove("proc/11/io");
  host.tree.remove("proc/11/fd");
  host.scrape();
  CHECK(host.get("states", "workers", {{"state", "Zombie"}}) == 1);
  CHECK(host.get("open_filedesc", "workers") == 2);
}

TEST_CASE("processes that end during the walk or are strange are not counted", "[process_groups]") {
  Host host{kWorkers};
  host.write(10, {});
  host.write(11, {});
  host.tree.remove("proc/11/status");
  host.write(12, {});
  host.tree.write("proc/12/stat", "12 (worker");
  host.tree.make_folder("proc/13");
  host.scrape();
  CHECK(host.processes("workers") == 1);
}

TEST_CASE("the number of groups is bounded", "[process_groups]") {
  Host host{"process_names: [{name: workers, comm: [worker]}, {name: '{{.Comm}}', cmdline: ['.']}]"};
  const int more = static_cast<int>(ProcessTracker::kMostGroups) + 5;
  for (int i = 0; i < more; ++i) {
    host.tree.write(
        "proc/" + std::to_string(100 + i) + "/stat",
        std::to_string(100 + i) + " (c" + std::to_string(i) + ") S 1 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 1 0 9 0 0\n");
    host.tree.write("proc/" + std::to_string(100 + i) + "/cmdline", "x");
  }
  host.scrape();
  CHECK(host.processes("c0") == 0);  // its status is gone
  CHECK(host.processes("c998") == 0);
  CHECK_FALSE(host.processes("c999"));
  CHECK(host.processes("workers") == 0);
}

TEST_CASE("the fixtures' host", "[process_groups]") {
  const auto paths = fixture_paths();
  ProcessGroups groups;
  auto config = YamlMap::from_text(
      "process_names:\n"
      "  - {name: '{{.Comm}}-{{.Username}}', comm: [nginx]}\n"
      "  - {name: postgres, exe: [/usr/lib/postgresql/15/bin/postgres]}\n"
      "  - {name: 'app-{{.Matches.App}}', cmdline: ['-Dapp.name=(?P<App>[a-z]+)']}\n",
      "config.yml");
  groups.set(ProcessGroups::parse(config));
  const auto out = collect_once(*make_process_groups(paths, groups));
  const auto at = [&](const std::string& name, const std::string& group) {
    return value_of(out, "namedprocess_namegroup_" + name, {{"groupname", group}});
  };
  CHECK(at("num_procs", "nginx-root") == 1);
  CHECK(at("num_procs", "nginx-www-data") == 2);
  CHECK(at("num_procs", "postgres") == 2);
  CHECK(at("num_procs", "app-orders") == 2);
  CHECK(at("num_threads", "app-orders") == 5);
  CHECK(at("open_filedesc", "postgres") == 13);
  CHECK(at("worst_fd_ratio", "app-orders") == 12.0 / 4096);
}

TEST_CASE("the real /proc has this test in it", "[process_groups]") {
  Paths paths;
  ProcessGroups groups;
  auto config = YamlMap::from_text("process_names: [{name: all, cmdline: ['.']}]", "config.yml");
  groups.set(ProcessGroups::parse(config));
  const auto out = collect_once(*make_process_groups(paths, groups));
  CHECK(value_of(out, "namedprocess_namegroup_num_procs", {{"groupname", "all"}}).value() >= 1);
  CHECK(value_of(out, "namedprocess_namegroup_memory_bytes", {{"groupname", "all"}, {"memtype", "resident"}}).value() >
        0);
  CHECK(value_of(out, "namedprocess_namegroup_oldest_start_time_seconds", {{"groupname", "all"}}).value() > 1e9);
}
