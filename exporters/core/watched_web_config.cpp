// SPDX-License-Identifier: Apache-2.0
#include "watched_web_config.h"

#include "file.h"
#include "log.h"

namespace binnacle {

WatchedWebConfig::WatchedWebConfig(std::string path)
    : path_(std::move(path)), config_(std::make_shared<const WebConfig>()) {
  if (!path_.empty()) load(file_stamp(path_));
}

std::shared_ptr<const WebConfig> WatchedWebConfig::current() {
  if (path_.empty()) return config_;
  const std::lock_guard lock(mutex_);
  const FileStamp stamp = file_stamp(path_);
  if (stamp == tried_) return config_;
  try {
    load(stamp);
    log::info("web config file loaded again", {{"file", path_}});
  } catch (const std::exception& error) {
    log::error("new web config file cannot be used, the old one stays", {{"error", error.what()}});
  }
  return config_;
}

void WatchedWebConfig::reload() {
  if (path_.empty()) return;
  const std::lock_guard lock(mutex_);
  load(file_stamp(path_));
}

void WatchedWebConfig::load(const FileStamp& stamp) {
  // The stamp is from before the reading: a file that changes meanwhile is read again next time.
  tried_ = stamp;
  auto fresh = std::make_shared<const WebConfig>(parse_web_config(read_file(path_), path_));
  if (!first_) first_ = fresh;
  if (fresh->tls.has_value() != first_->tls.has_value()) {
    log::warn("web config file: tls_server_config came or went; this needs a restart", {{"file", path_}});
  }
  if (fresh->rate_limit != first_->rate_limit) {
    log::warn("web config file: rate_limit changed; this needs a restart", {{"file", path_}});
  }
  config_ = std::move(fresh);
}

}  // namespace binnacle
