// SPDX-License-Identifier: Apache-2.0
#include "gzip.h"

#define ZLIB_CONST  // input is const in zlib's interface
#include <zlib.h>

#include <new>
#include <stdexcept>

namespace binnacle {

namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window; +16 asks zlib for a gzip header
constexpr int kMemoryLevel = 8;

class Deflater {
 public:
  Deflater() {
    if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc{};
    }
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

std::string gzip(std::string_view text) {
  Deflater deflater;
  auto& stream = deflater.stream();
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("gzip: the output did not fit");
  out.resize(stream.total_out);
  return out;
}

}  // namespace binnacle
