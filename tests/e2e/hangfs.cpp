// SPDX-License-Identifier: Apache-2.0
// A FUSE file system for tests: one empty folder whose statfs() or opendir() does not come back while a control file
// exists and holds the call's name, as on a network file system whose server is gone.
//
// hangfs CONTROL-FILE MOUNT-POINT; runs in the foreground until it is unmounted or gets SIGTERM.
#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace {

constexpr useconds_t kPoll = 10'000;
std::string control_file;

void block_while_told(const char* call) {
  for (;;) {
    std::string told;
    std::ifstream{control_file} >> told;
    if (told != call) return;
    ::usleep(kPoll);
  }
}

int on_getattr(const char* path, struct stat* info, fuse_file_info* /*file*/) {
  if (std::strcmp(path, "/") != 0) return -ENOENT;
  info->st_mode = S_IFDIR | 0755;
  info->st_nlink = 2;
  return 0;
}

int on_opendir(const char* /*path*/, fuse_file_info* /*file*/) {
  block_while_told("opendir");
  return 0;
}

int on_readdir(const char* /*path*/, void* buffer, fuse_fill_dir_t fill, off_t /*offset*/, fuse_file_info* /*file*/,
               fuse_readdir_flags /*flags*/) {
  fill(buffer, ".", nullptr, 0, fuse_fill_dir_flags{});
  fill(buffer, "..", nullptr, 0, fuse_fill_dir_flags{});
  return 0;
}

int on_statfs(const char* /*path*/, struct statvfs* space) {
  block_while_told("statfs");
  space->f_bsize = 4096;
  space->f_frsize = 4096;
  space->f_blocks = 1000;
  space->f_bfree = 600;
  space->f_bavail = 500;
  space->f_files = 100;
  space->f_ffree = 90;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: hangfs CONTROL-FILE MOUNT-POINT\n");
    return 2;
  }
  control_file = argv[1];
  fuse_operations operations{};
  operations.getattr = on_getattr;
  operations.opendir = on_opendir;
  operations.readdir = on_readdir;
  operations.statfs = on_statfs;
  std::string foreground = "-f";
  std::string option = "-o";
  std::string options = "fsname=hangfs,subtype=hang,auto_unmount";
  std::array<char*, 6> arguments{argv[0], foreground.data(), option.data(), options.data(), argv[2], nullptr};
  return fuse_main(5, arguments.data(), &operations, nullptr);
}
