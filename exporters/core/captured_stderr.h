// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "file.h"
#include "test_folder.h"
#include "text.h"
#include "unique_fd.h"

namespace binnacle {

/// Takes what a test writes to stderr into a file, until it goes.
class CapturedStderr {
 public:
  CapturedStderr() : path_(folder_.path("stderr")), saved_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
    const UniqueFd file{::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)};
    if (::dup2(file.get(), STDERR_FILENO) < 0) throw std::runtime_error("cannot capture stderr");
  }
  ~CapturedStderr() { ::dup2(saved_.get(), STDERR_FILENO); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  [[nodiscard]] std::vector<std::string> lines() const {
    const auto text = read_file(path_);
    std::vector<std::string> lines;
    std::string_view rest = text;
    while (const auto line = next_line(rest)) lines.emplace_back(*line);
    return lines;
  }

 private:
  TestFolder folder_;
  std::string path_;
  UniqueFd saved_;
};

}  // namespace binnacle
