// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "exposition.h"

namespace binnacle {

/// A page and its bytes in each format that somebody asked for, made once however many scrapers share it.
class RenderedPage {
 public:
  explicit RenderedPage(Page page) : page_(std::move(page)) {}

  std::shared_ptr<const std::string> body(const Exposition& exposition, bool gzipped);

 private:
  const Page page_;
  std::mutex mutex_;
  std::map<std::pair<const Exposition*, bool>, std::shared_ptr<const std::string>> bodies_;
};

}  // namespace binnacle
