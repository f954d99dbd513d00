// SPDX-License-Identifier: Apache-2.0
#include "pid_files.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "test_tree.h"

using namespace binnacle::system;

TEST_CASE("a process' stat", "[processes]") {
  const auto stat = parse_pid_stat(
      "1480 (java) S 1 1480 1480 0 -1 4194560 182 5 123 6 982 102 7 8 20 0 38 0 2412 4831838208 262144 1844 1 1\n");
  REQUIRE(stat);
  CHECK(stat->comm == "java");
  CHECK(stat->state == 'S');
  CHECK(stat->parent == 1);
  CHECK(stat->minor_faults == 182);
  CHECK(stat->major_faults == 123);
  CHECK(stat->user_ticks == 982);
  CHECK(stat->system_ticks == 102);
  CHECK(stat->threads == 38);
  CHECK(stat->start_ticks == 2412);
  CHECK(stat->virtual_bytes == 4831838208);
  CHECK(stat->resident_pages == 262144);
}

TEST_CASE("a process' name may hold blanks and parentheses", "[processes]") {
  const std::string tail = " R 7 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 1 0 99 0 0";
  CHECK(parse_pid_stat("5 (a) b (c)" + tail)->comm == "a) b (c");
  CHECK(parse_pid_stat("5 ()" + tail)->comm.empty());
}

TEST_CASE("a cut or strange stat gives nothing", "[processes]") {
  CHECK_FALSE(parse_pid_stat(""));
  CHECK_FALSE(parse_pid_stat("5 java S 1"));
  CHECK_FALSE(parse_pid_stat(") ("));
  CHECK_FALSE(parse_pid_stat("5 (java)"));
  CHECK_FALSE(parse_pid_stat("5 (java) SS 1 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 1 0 99 0 0"));
  CHECK_FALSE(parse_pid_stat("5 (java) S -1 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 1 0 99 0 0"));
  CHECK_FALSE(parse_pid_stat("5 (java) S 99999999999 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 1 0 99 0 0"));
  CHECK_FALSE(parse_pid_stat("5 (java) S 1 1 1 0 -1 0 1 0 0 0 2 3 0 0 20 0 1 0 99 0"));
  CHECK_FALSE(parse_pid_stat("5 (java) S 1 1 1 0 -1 0 x 0 0 0 2 3 0 0 20 0 1 0 99 0 0"));
}

TEST_CASE("a process' status", "[processes]") {
  const auto status = parse_pid_status(
      "Name:\tjava\nUid:\t1000\t1001\t1000\t1000\nVmSwap:\t   20480 kB\nvoluntary_ctxt_switches:\t312\n"
      "nonvoluntary_ctxt_switches:\t2\n");
  REQUIRE(status);
  CHECK(status->user == 1001);
  CHECK(status->swap_bytes == 20971520);
  CHECK(status->voluntary_switches == 312);
  CHECK(status->involuntary_switches == 2);
  CHECK(parse_pid_status("Uid:\t0\t0\nnonvoluntary_ctxt_switches:\t2\n")->swap_bytes == 0);
  CHECK_FALSE(parse_pid_status(""));
  CHECK_FALSE(parse_pid_status("Uid:\t0\t0\t0\t0\nvoluntary_ctxt_switches:\t312\n"));
  CHECK_FALSE(parse_pid_status("Uid:\t0\tx\nnonvoluntary_ctxt_switches:\t2\n"));
}

TEST_CASE("a process' I/O", "[processes]") {
  const auto io = parse_pid_io("rchar: 9\nread_bytes: 4096\nwrite_bytes: 512\ncancelled_write_bytes: 7\n");
  REQUIRE(io);
  CHECK(io->read_bytes == 4096);
  CHECK(io->write_bytes == 512);
  CHECK_FALSE(parse_pid_io(""));
  CHECK_FALSE(parse_pid_io("read_bytes: 4096\n"));
  CHECK_FALSE(parse_pid_io("read_bytes: 4096\nwrite_bytes: \n"));
}

TEST_CASE("the limit of open files", "[processes]") {
  CHECK(parse_open_files_limit("Max processes             15608  15608 processes\n"
                               "Max open files            1024                 524288               files     \n") ==
        1024U);
  CHECK_FALSE(parse_open_files_limit("Max open files            unlimited            unlimited            files\n"));
  CHECK_FALSE(parse_open_files_limit(""));
}

TEST_CASE("a command line's words", "[processes]") {
  using Words = std::vector<std::string>;
  CHECK(parse_command_line(std::string_view{"dd\0if=a\0\0", 9}) == Words{"dd", "if=a"});
  CHECK(parse_command_line(std::string_view{"a\0\0b\0", 5}) == Words{"a", "", "b"});
  CHECK(parse_command_line("nginx: worker process") == Words{"nginx: worker process"});
  CHECK(parse_command_line("").empty());
  CHECK(parse_command_line(std::string_view{"\0\0", 2}).empty());
}

TEST_CASE("the boot time", "[processes]") {
  CHECK(parse_boot_time("cpu  1 2 3\nbtime 1700000000\nprocesses 9\n") == 1700000000U);
  CHECK_FALSE(parse_boot_time("cpu  1 2 3\n"));
}

TEST_CASE("folders that are ids", "[processes]") {
  TestTree tree;
  for (const auto* name : {"10", "9", "self", "1x", "99999999999999999999"})
    tree.make_folder(std::string{"proc/"} + name);
  std::vector<int> ids{7};
  CHECK(list_ids(tree.paths.procfs, ids));
  CHECK(ids == std::vector<int>{9, 10});
  CHECK_FALSE(list_ids(tree.paths.procfs + "/none", ids));
  CHECK(ids.empty());
}

TEST_CASE("open files are counted by entries, or by the folder's size where the kernel tells", "[processes]") {
  TestTree tree;
  for (const auto* name : {"0", "1", "7"}) tree.write(std::string{"proc/5/fd/"} + name, "");
  const auto folder = tree.paths.proc("5/fd");
  CHECK(count_open_files(folder, false) == 3U);
  CHECK(count_open_files(folder, true).value() != 3U);  // a folder on disk has another size
  CHECK_FALSE(count_open_files(folder + "/none", false));
  CHECK_FALSE(count_open_files(folder + "/none", true));
  CHECK_FALSE(fd_size_is_count(tree.paths.procfs));

  // On a real procfs both ways agree, but for the descriptor that counting entries itself opens.
  const auto by_entries = count_open_files("/proc/self/fd", false);
  REQUIRE(by_entries);
  CHECK(*by_entries >= 4);
  if (fd_size_is_count("/proc")) {
    CHECK(count_open_files("/proc/self/fd", true).value() + 1 == *by_entries);
  } else {
    WARN("this kernel does not tell the number of open files as the size of /proc/<pid>/fd: only entries are counted");
  }
}
