// SPDX-License-Identifier: Apache-2.0
// Preloaded into an exporter by tests on machines without FUSE: statfs() and opendir() of one path do not come back
// while a control file exists and holds the call's name, as they do not on a file system whose server is gone.
//
// With 64-bit file offsets the headers make statfs() another name of statfs64(), and both are needed here.
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace {

constexpr useconds_t kPoll = 10'000;

void block_while_told(const char* call, const char* path) {
  const char* blocked = std::getenv("BINNACLE_BLOCK_PATH");
  const char* control = std::getenv("BINNACLE_BLOCK_CONTROL");
  if (blocked == nullptr || control == nullptr || std::strcmp(path, blocked) != 0) return;
  const std::string holding = std::string{control} + ".holding";
  for (;;) {
    std::string told;
    std::ifstream{control} >> told;
    if (told != call) break;
    std::ofstream{holding}.flush();  // the test waits for this file
    ::usleep(kPoll);
  }
  ::unlink(holding.c_str());
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int statfs(const char* path, struct statfs* result) noexcept {
  block_while_told("statfs", path);
  static const auto real = next<int (*)(const char*, struct statfs*)>("statfs");
  return real(path, result);
}

__attribute__((visibility("default"))) int statfs64(const char* path, struct statfs64* result) noexcept {
  block_while_told("statfs", path);
  static const auto real = next<int (*)(const char*, struct statfs64*)>("statfs64");
  return real(path, result);
}

__attribute__((visibility("default"))) DIR* opendir(const char* path) {
  block_while_told("opendir", path);
  static const auto real = next<DIR* (*)(const char*)>("opendir");
  return real(path);
}
}
