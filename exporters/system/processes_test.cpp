// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "collectors.h"
#include "test_tree.h"

using namespace binnacle;
using namespace binnacle::system;

namespace {

std::string stat_of(int pid, char state, int threads) {
  return std::to_string(pid) + " (name) " + state + " 1 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 " + std::to_string(threads) +
         " 0 99 0 0\n";
}

void write_process(const TestTree& tree, int pid, char state, const std::vector<std::pair<int, char>>& threads) {
  const auto folder = "proc/" + std::to_string(pid);
  tree.write(folder + "/stat", stat_of(pid, state, static_cast<int>(threads.size())));
  for (const auto& [tid, thread_state] : threads) {
    tree.write(folder + "/task/" + std::to_string(tid) + "/stat", stat_of(tid, thread_state, 1));
  }
}

void write_limits(const TestTree& tree) {
  tree.write("proc/sys/kernel/threads-max", "7801\n");
  tree.write("proc/sys/kernel/pid_max", "32768\n");
}

}  // namespace

TEST_CASE("processes and threads by state", "[processes]") {
  TestTree tree;
  write_limits(tree);
  write_process(tree, 1, 'S', {{1, 'S'}});
  write_process(tree, 20, 'S', {{20, 'R'}, {21, 'R'}, {22, 'D'}});  // the main thread's state is the process' own
  write_process(tree, 30, 'Z', {{30, 'Z'}});
  const auto out = collect_once(*make_processes(tree.paths));
  CHECK(value_of(out, "node_processes_pids") == 3);
  CHECK(value_of(out, "node_processes_threads") == 5);
  CHECK(value_of(out, "node_processes_max_processes") == 32768);
  CHECK(value_of(out, "node_processes_max_threads") == 7801);
  CHECK(series_of(out, "node_processes_state") == 2);
  CHECK(value_of(out, "node_processes_state", {{"state", "S"}}) == 2);
  CHECK(value_of(out, "node_processes_state", {{"state", "Z"}}) == 1);
  CHECK(series_of(out, "node_processes_threads_state") == 4);
  CHECK(value_of(out, "node_processes_threads_state", {{"thread_state", "S"}}) == 2);
  CHECK(value_of(out, "node_processes_threads_state", {{"thread_state", "R"}}) == 1);
  CHECK(value_of(out, "node_processes_threads_state", {{"thread_state", "D"}}) == 1);
}

TEST_CASE("processes that have ended or are strange are passed over", "[processes]") {
  TestTree tree;
  write_limits(tree);
  write_process(tree, 1, 'S', {{1, 'S'}});
  tree.make_folder("proc/2");
  tree.write("proc/3/stat", "");
  tree.write("proc/4/stat", std::string("\0\xFF(", 3));
  tree.write("proc/5/stat", stat_of(5, 'S', 2));  // its threads are gone
  tree.write("proc/6/stat", stat_of(6, 'S', 2));
  tree.make_folder("proc/6/task/61");
  const auto out = collect_once(*make_processes(tree.paths));
  CHECK(value_of(out, "node_processes_pids") == 3);
  CHECK(value_of(out, "node_processes_threads") == 5);
  CHECK(value_of(out, "node_processes_threads_state", {{"thread_state", "S"}}) == 1);
}

TEST_CASE("no threads to be seen make no family", "[processes]") {
  TestTree tree;
  write_limits(tree);
  tree.write("proc/1/stat", stat_of(1, 'S', 1));
  const auto out = collect_once(*make_processes(tree.paths));
  CHECK(value_of(out, "node_processes_pids") == 1);
  CHECK_FALSE(find_family(out, "node_processes_threads_state"));
}

TEST_CASE("missing or strange limits are errors", "[processes]") {
  TestTree tree;
  write_limits(tree);
  tree.write("proc/sys/kernel/pid_max", "many\n");
  CHECK_THROWS_WITH(collect_once(*make_processes(tree.paths)), "sys/kernel/pid_max: expected a number, got \"many\"");
  tree.remove("proc/sys");
  CHECK_THROWS_WITH(collect_once(*make_processes(tree.paths)), Catch::Contains("threads-max"));
  tree.remove("proc");
  CHECK_THROWS_WITH(collect_once(*make_processes(tree.paths)), Catch::Contains("/proc"));
}
