// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace binnacle {

/// A folder for one test's files, gone with all that is in it when the test ends.
class TestFolder {
 public:
  TestFolder() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base == nullptr ? "/tmp" : base) + "/binnacle-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  /// Writes the file in place. Returns its path.
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream file(path(name), std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path(name));
    return path(name);
  }

  /// Writes the file under another name, then renames it, as careful tools do: the inode is another one.
  std::string replace(const std::string& name, std::string_view text) const {
    write(name + ".new", text);
    if (std::rename(path(name + ".new").c_str(), path(name).c_str()) != 0) throw std::runtime_error("cannot rename");
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace binnacle
