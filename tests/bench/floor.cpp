// SPDX-License-Identifier: Apache-2.0
// The floor of a scrape: does nothing but the calls on files that an exporter makes in one, again and again.
//
// floor LIST ITERATIONS. A line of the list is a call and a path: read, list, statfs, stat, link; folder opens a folder
// and leaves it open until the next one, at reads a file by its name in that folder. Prints nanoseconds an iteration:
// CPU time, wall time; then calls and bytes read an iteration.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cpu_clock.h"

namespace {

enum class Kind { read, list, statfs, stat, link, folder, at };

struct Call {
  Kind kind;
  std::string path;
};

constexpr std::array<std::pair<std::string_view, Kind>, 7> kKinds{{{"read", Kind::read},
                                                                   {"list", Kind::list},
                                                                   {"statfs", Kind::statfs},
                                                                   {"stat", Kind::stat},
                                                                   {"link", Kind::link},
                                                                   {"folder", Kind::folder},
                                                                   {"at", Kind::at}}};

std::vector<Call> read_list(const char* path) {
  std::ifstream file{path};
  std::vector<Call> calls;
  std::string kind;
  while (file >> kind) {
    file.get();
    std::string name;
    std::getline(file, name);
    for (const auto& [known, value] : kKinds) {
      if (kind == known) calls.push_back({value, name});
    }
  }
  return calls;
}

int open_folder = AT_FDCWD;

std::size_t keep_open(const char* path) {
  if (open_folder >= 0) ::close(open_folder);
  open_folder = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return 1;
}

std::size_t read_all(int folder, const char* path) {
  static std::array<char, std::size_t{64} << 10U> buffer;
  const int fd = ::openat(folder, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  std::size_t total = 0;
  for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) total += static_cast<std::size_t>(got);
  ::close(fd);
  return total;
}

std::size_t list(const char* path) {
  DIR* folder = ::opendir(path);
  if (folder == nullptr) return 0;
  std::size_t names = 0;
  while (::readdir(folder) != nullptr) ++names;
  ::closedir(folder);
  return names;
}

std::size_t run(const Call& call) {
  const char* path = call.path.c_str();
  std::array<char, 4096> link{};
  struct statfs space {};
  struct stat info {};
  switch (call.kind) {
    case Kind::read:
      return read_all(AT_FDCWD, path);
    case Kind::folder:
      return keep_open(path);
    case Kind::at:
      return read_all(open_folder, path + call.path.rfind('/') + 1);
    case Kind::list:
      return list(path);
    case Kind::statfs:
      return ::statfs(path, &space) == 0 ? sizeof(space) : 0;
    case Kind::stat:
      return ::stat(path, &info) == 0 ? sizeof(info) : 0;
    case Kind::link:
      return ::readlink(path, link.data(), link.size()) > 0 ? 1 : 0;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long iterations = argc == 3 ? std::atol(argv[2]) : 0;
  if (iterations <= 0) {
    std::fprintf(stderr, "usage: floor LIST ITERATIONS\n");
    return 2;
  }
  const auto calls = read_list(argv[1]);
  return print_floor(iterations, calls.size(), [&] {
    std::size_t bytes = 0;
    for (const auto& call : calls) bytes += run(call);
    return bytes;
  });
}
