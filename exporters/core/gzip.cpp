// SPDX-License-Identifier: Apache-2.0
#include "gzip.h"

#include <libdeflate.h>

#include <memory>
#include <new>
#include <stdexcept>

namespace binnacle {

namespace {

/// Text of metrics shrinks to a sixth already here; the higher levels take twice the time for a tenth less.
constexpr int kLevel = 1;

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

}  // namespace

std::string gzip(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor{libdeflate_alloc_compressor(kLevel)};
  if (!compressor) throw std::bad_alloc{};
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  const auto size = libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size());
  if (size == 0) throw std::runtime_error("gzip: the output did not fit");
  out.resize(size);
  return out;
}

}  // namespace binnacle
