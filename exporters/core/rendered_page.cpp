// SPDX-License-Identifier: Apache-2.0
#include "rendered_page.h"

#include "gzip.h"

namespace binnacle {

namespace {

constexpr std::size_t kBytesPerSeries = 160;  // a usual line with its share of HELP; saves the string's growing

}  // namespace

std::shared_ptr<const std::string> RenderedPage::body(const Exposition& exposition, bool gzipped) {
  const std::scoped_lock lock{mutex_};
  auto& plain = bodies_[{&exposition, false}];
  if (!plain) {
    std::string text;
    text.reserve(page_.series() * kBytesPerSeries);
    exposition.write(page_, text);
    plain = std::make_shared<const std::string>(std::move(text));
  }
  if (!gzipped) return plain;
  auto& small = bodies_[{&exposition, true}];
  if (!small) small = std::make_shared<const std::string>(gzip(*plain));
  return small;
}

}  // namespace binnacle
