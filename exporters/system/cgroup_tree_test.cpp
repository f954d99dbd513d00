// SPDX-License-Identifier: Apache-2.0
#include "cgroup_tree.h"

#include <catch2/catch.hpp>

#include "test_tree.h"

using namespace binnacle::system;

namespace {

CgroupMount v2_mount(const std::string& root, const std::string& point) {
  return {.version = 2, .controllers = {}, .root = root, .point = point};
}

}  // namespace

TEST_CASE("a recorded mountinfo's /sys is the sysfs given", "[cgroup]") {
  TestTree tree;
  tree.make_folder("sys/fs/cgroup");
  const auto found = locate_hierarchies({v2_mount("/", "/sys/fs/cgroup")}, tree.paths.sysfs);
  REQUIRE(found.size() == 1);
  CHECK(found[0].folder == tree.paths.sysfs + "/fs/cgroup");
  CHECK(found[0].has("memory"));
  CHECK(found[0].folder_of("/") == found[0].folder);
  CHECK(found[0].folder_of("/a") == found[0].folder + "/a");
}

TEST_CASE("a mount below the sysfs given comes before others", "[cgroup]") {
  TestTree tree;
  tree.make_folder("sys/fs/cgroup");
  const auto found = locate_hierarchies(
      {v2_mount("/", "/sys/fs/cgroup"), v2_mount("/../..", tree.paths.sysfs + "/fs/cgroup")}, tree.paths.sysfs + "/");
  REQUIRE(found.size() == 1);
  CHECK(found[0].root == "/../..");
}

TEST_CASE("a mount elsewhere is taken as it is, and one without a folder is none", "[cgroup]") {
  TestTree tree;
  tree.make_folder("root/cg");
  CHECK(locate_hierarchies({v2_mount("/", tree.paths.rootfs + "/cg")}, tree.paths.sysfs).size() == 1);
  CHECK(locate_hierarchies({v2_mount("/", "/sys/fs/cgroup")}, tree.paths.sysfs).empty());
  CHECK(locate_hierarchies({}, tree.paths.sysfs).empty());
}

TEST_CASE("in a hybrid, v2 holds what no v1 hierarchy does", "[cgroup]") {
  TestTree tree;
  for (const auto* name : {"unified", "memory", "cpu", "again", "systemd"}) {
    tree.make_folder(std::string{"sys/fs/cgroup/"} + name);
  }
  const auto v1 = [](const std::string& name, std::vector<std::string> controllers) {
    return CgroupMount{
        .version = 1, .controllers = std::move(controllers), .root = "/", .point = "/sys/fs/cgroup/" + name};
  };
  const auto found = locate_hierarchies(
      {v2_mount("/", "/sys/fs/cgroup/unified"), v1("systemd", {"rw", "name=systemd"}), v1("memory", {"rw", "memory"}),
       v1("cpu", {"rw", "cpu", "cpuacct"}), v1("again", {"rw", "memory"})},
      tree.paths.sysfs);
  REQUIRE(found.size() == 3);
  CHECK(found[0].has("memory"));
  CHECK(found[1].has("cpuacct"));
  CHECK(found[2].version == 2);
  CHECK(found[2].has("pids"));
  CHECK_FALSE(found[2].has("memory"));
  CHECK_FALSE(found[2].has("cpu"));

  const std::vector<CgroupMembership> where{{{"memory"}, "/m"}, {{"cpu", "cpuacct"}, "/"}, {{}, "/"}};
  CHECK_FALSE(self_path(found[0], where));  // no such folder
  tree.make_folder("sys/fs/cgroup/memory/m");
  CHECK(self_path(found[0], where) == "/m");
  CHECK(self_path(found[1], where) == "/");
  CHECK(self_path(found[2], where) == "/");
  CHECK_FALSE(self_path(found[2], {{{"cpu"}, "/"}}));
}

TEST_CASE("a process outside of the mount's cgroup has no path in it", "[cgroup]") {
  TestTree tree;
  tree.make_folder("sys/fs/cgroup/x");
  const auto outer = locate_hierarchies({v2_mount("/../..", "/sys/fs/cgroup")}, tree.paths.sysfs);
  REQUIRE(outer.size() == 1);
  CHECK_FALSE(self_path(outer[0], {{{}, "/"}}));
  CHECK(self_path(outer[0], {{{}, "/../../x"}}) == "/x");
  const auto own = locate_hierarchies({v2_mount("/", "/sys/fs/cgroup")}, tree.paths.sysfs);
  CHECK_FALSE(self_path(own[0], {{{}, "/../../x"}}));
}

TEST_CASE("globs of cgroups", "[cgroup]") {
  TestTree tree;
  for (const auto* name : {"a/x.service", "a/y.service", "a/y.slice/z.service", "b"}) {
    tree.make_folder(std::string{"sys/fs/cgroup/"} + name);
  }
  tree.write("sys/fs/cgroup/a/file.service", "1");
  const auto found = locate_hierarchies({v2_mount("/", "/sys/fs/cgroup")}, tree.paths.sysfs);
  const auto match = [&](const std::string& pattern, std::size_t most = 1000) {
    return matching_cgroups(found.at(0), pattern, most);
  };
  using Paths = std::vector<std::string>;
  CHECK(match("/a/*.service") == Paths{"/a/x.service", "/a/y.service"});
  CHECK(match("/a/[x]*") == Paths{"/a/x.service"});
  CHECK(match("/*") == Paths{"/a", "/b"});
  CHECK(match("/") == Paths{"/"});
  CHECK(match("/**/z.service") == Paths{"/a/y.slice/z.service"});
  CHECK(match("/a/**") == Paths{"/a", "/a/x.service", "/a/y.service", "/a/y.slice", "/a/y.slice/z.service"});
  CHECK(match("/nothing/*").empty());
  CHECK(match("/a/*", 1).empty());  // may look into the top folder only
}

TEST_CASE("patterns are checked", "[cgroup]") {
  CHECK_NOTHROW(check_cgroup_pattern("/kubepods/*"));
  CHECK_THROWS_WITH(check_cgroup_pattern("kubepods/*"),
                    "--collector.cgroup.include: expected a path that starts with /, got \"kubepods/*\"");
  CHECK_THROWS_WITH(check_cgroup_pattern("/a/../b"),
                    "--collector.cgroup.include: a path may not contain \".\" or \"..\": \"/a/../b\"");
  CHECK_THROWS(check_cgroup_pattern(""));
}
