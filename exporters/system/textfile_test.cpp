// SPDX-License-Identifier: Apache-2.0
#include "textfile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "collectors.h"
#include "core/flags.h"
#include "test_tree.h"

using binnacle::Flags;
using namespace binnacle::system;

namespace {

class Textfiles {
 public:
  explicit Textfiles(const std::vector<std::string>& folders) {
    Flags flags{"test", "", "1"};
    collector_->add_flags(flags);
    std::vector<std::string> arguments;
    for (const auto& folder : folders) arguments.push_back("--collector.textfile.directory=" + folder);
    std::vector<const char*> command_line{"test"};
    for (const auto& argument : arguments) command_line.push_back(argument.c_str());
    flags.parse(static_cast<int>(command_line.size()), command_line.data());
    collector_->start();
  }
  binnacle::Output scrape() const { return collect_once(*collector_); }

 private:
  Paths paths_;
  std::unique_ptr<binnacle::Collector> collector_ = make_textfile(paths_);
};

/// What a piece of code writes on stderr, where the log goes.
template <typename Code>
std::string stderr_of(const Code& code) {
  char name[] = "/tmp/binnacle-log-XXXXXX";
  const int file = ::mkstemp(name);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(file, STDERR_FILENO);
  code();
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(file);
  std::ifstream written{name};
  std::string text{std::istreambuf_iterator<char>{written}, {}};
  ::unlink(name);
  return text;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("the files of a folder are exported", "[textfile]") {
  const TestTree tree;
  tree.write("root/a.prom", "# HELP x Text.\n# TYPE x counter\nx 5\n");
  tree.write("root/b.prom", "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 3\nh_count 4\n");
  tree.write("root/c.txt", "y 1\n");
  const auto folder = tree.paths.rootfs;
  const auto out = Textfiles{{folder + "//"}}.scrape();
  CHECK(value_of(out, "x") == 5);
  CHECK(find_family(out, "x")->help == "Text.");
  REQUIRE(find_family(out, "h"));
  CHECK(find_family(out, "h")->series()[0].histogram.sample_count == 4);
  CHECK(find_family(out, "y") == nullptr);
  CHECK(value_of(out, "node_textfile_scrape_error") == 0);
  struct stat info {};
  REQUIRE(::stat((folder + "/a.prom").c_str(), &info) == 0);
  CHECK(value_of(out, "node_textfile_mtime_seconds", {{"file", folder + "/a.prom"}}) ==
        static_cast<double>(info.st_mtime));
  CHECK(series_of(out, "node_textfile_mtime_seconds") == 2);
}

TEST_CASE("several folders and patterns are read, each file once", "[textfile]") {
  const TestTree tree;
  tree.write("root/one/a.prom", "a 1\n");
  tree.write("root/two/a.prom", "b 1\n");
  const auto root = tree.paths.rootfs;
  const auto out = Textfiles{{root + "/*", root + "/one", ""}}.scrape();
  CHECK(value_of(out, "a") == 1);
  CHECK(value_of(out, "b") == 1);
  CHECK(value_of(out, "node_textfile_scrape_error") == 0);
}

TEST_CASE("without folders there is no error", "[textfile]") {
  const auto out = Textfiles{{}}.scrape();
  CHECK(value_of(out, "node_textfile_scrape_error") == 0);
  CHECK(out.families.all().size() == 1);
}

TEST_CASE("a bad file is left out, and logged once for each of its states", "[textfile]") {
  const TestTree tree;
  tree.write("root/bad.prom", "a 1\nb one\n");
  tree.write("root/good.prom", "c 1\n");
  const auto path = tree.paths.rootfs + "/bad.prom";
  const Textfiles files{{tree.paths.rootfs}};
  const auto log = stderr_of([&] {
    const auto out = files.scrape();
    CHECK(value_of(out, "c") == 1);
    CHECK(find_family(out, "a") == nullptr);
    CHECK(value_of(out, "node_textfile_scrape_error") == 1);
    CHECK_FALSE(value_of(out, "node_textfile_mtime_seconds", {{"file", path}}));
  });
  CHECK(lines_of(log) == 1);
  CHECK_THAT(log, Catch::Contains(path) && Catch::Contains("line=2") && Catch::Contains("expected a number as value"));

  CHECK(stderr_of([&] { CHECK(value_of(files.scrape(), "node_textfile_scrape_error") == 1); }).empty());
  tree.write("root/bad.prom", "a 1\nb one more\n");
  CHECK(lines_of(stderr_of([&] { files.scrape(); })) == 1);
  tree.write("root/bad.prom", "a 1\n");
  CHECK(stderr_of([&] { CHECK(value_of(files.scrape(), "node_textfile_scrape_error") == 0); }).empty());
  tree.write("root/bad.prom", "a 1\nb one\n");
  CHECK(lines_of(stderr_of([&] { files.scrape(); })) == 1);
}

TEST_CASE("duplicates keep the rest of the files, and are logged once", "[textfile]") {
  const TestTree tree;
  tree.write("root/a.prom", "x 1\nx 2\n");
  tree.write("root/b.prom", "x 3\ny 1\n");
  const Textfiles files{{tree.paths.rootfs}};
  const auto log = stderr_of([&] {
    const auto out = files.scrape();
    CHECK(value_of(out, "x") == 1);
    CHECK(series_of(out, "x") == 1);
    CHECK(value_of(out, "y") == 1);
    CHECK(value_of(out, "node_textfile_scrape_error") == 1);
    CHECK(series_of(out, "node_textfile_mtime_seconds") == 2);
  });
  CHECK(lines_of(log) == 2);
  CHECK(stderr_of([&] { files.scrape(); }).empty());
}

TEST_CASE("what is no readable file of a fair size is refused", "[textfile]") {
  const TestTree tree;
  tree.make_folder("root/folder.prom");
  tree.write("root/good.prom", "c 1\n");
  const auto root = tree.paths.rootfs;
  REQUIRE(::mkfifo((root + "/pipe.prom").c_str(), 0600) == 0);
  REQUIRE(::symlink("nowhere", (root + "/link.prom").c_str()) == 0);
  tree.write("root/large.prom", "");
  REQUIRE(::truncate((root + "/large.prom").c_str(), (16 << 20) + 1) == 0);
  const auto log = stderr_of([&] {
    const auto out = Textfiles{{root, root + "/none"}}.scrape();
    CHECK(value_of(out, "c") == 1);
    CHECK(series_of(out, "node_textfile_mtime_seconds") == 1);
    CHECK(value_of(out, "node_textfile_scrape_error") == 1);
  });
  CHECK(lines_of(log) == 5);
  CHECK_THAT(log, Catch::Contains("expected a regular file") &&
                      Catch::Contains("expected at most 16 MiB, got 16777217 bytes") &&
                      Catch::Contains("expected a folder to read: No such file or directory"));
}

TEST_CASE("patterns match folders, and what matches nothing stays as it is", "[textfile]") {
  const TestTree tree;
  tree.make_folder("root/b");
  tree.make_folder("root/a");
  const auto root = tree.paths.rootfs;
  CHECK(expand_directory(root + "/[ab]") == std::vector<std::string>{root + "/a", root + "/b"});
  CHECK(expand_directory(root + "/x*") == std::vector<std::string>{root + "/x*"});
  CHECK(expand_directory("plain") == std::vector<std::string>{"plain"});
}

TEST_CASE("paths are tidied", "[textfile]") {
  CHECK(tidy_path("/a//b/./c/") == "/a/b/c");
  CHECK(tidy_path("./a/") == "a");
  CHECK(tidy_path("/") == "/");
  CHECK(tidy_path("./") == ".");
  CHECK(tidy_path("../a") == "../a");
}
