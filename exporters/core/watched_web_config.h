// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "file_stamp.h"
#include "web_config.h"

namespace binnacle {

/// The web config file, read again whenever it changed. A bad new file is one error line in the log, and the last
/// good one stays. Whether there is TLS, and the rate limit, are settled at the start: a change of these is one
/// warning. Safe for use by several threads.
class WatchedWebConfig {
 public:
  /// Reads the file; an empty path is an empty configuration. Throws std::runtime_error in one line.
  explicit WatchedWebConfig(std::string path);

  /// The configuration of now; costs one stat() of the file. Never null.
  std::shared_ptr<const WebConfig> current();

  /// Reads the file now. Throws as the constructor does; the last good configuration stays.
  void reload();

 private:
  void load(const FileStamp& stamp);

  std::string path_;
  std::mutex mutex_;
  FileStamp tried_;  ///< the file that was looked at last, good or bad
  std::shared_ptr<const WebConfig> config_;
  std::shared_ptr<const WebConfig> first_;  ///< what the server started with
};

}  // namespace binnacle
