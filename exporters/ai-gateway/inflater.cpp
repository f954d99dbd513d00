// SPDX-License-Identifier: Apache-2.0
#include "inflater.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <string>

namespace binnacle::gateway {

namespace {

using Take = std::function<void(std::string_view decoded)>;

constexpr std::size_t kPiece = std::size_t{16} << 10U;
constexpr std::uint64_t kRatio = 1000;
constexpr std::uint64_t kRatioFrom = std::uint64_t{1} << 20U;
/// zlib counts its input in 32 bits.
constexpr std::size_t kInputPiece = std::size_t{1} << 30U;

/// What may come out of a body, for what went in.
class Bounds {
 public:
  explicit Bounds(std::size_t limit) : limit_(limit) {}
  /// False beyond the limits.
  bool add(std::size_t in, std::size_t out) {
    in_ += in;
    out_ += out;
    return out_ <= limit_ && (out_ <= kRatioFrom || out_ / kRatio <= in_);
  }

 private:
  std::uint64_t limit_;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
};

enum class Step : std::uint8_t { more, done, wrong };

/// Window bits as inflateInit2 wants them.
constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kZlib = MAX_WBITS;
constexpr int kRaw = -MAX_WBITS;

/// gzip and deflate.
class ZlibInflater : public Inflater {
 public:
  ZlibInflater(bool gzip, std::size_t limit) : gzip_(gzip), bounds_(limit) {
    if (::inflateInit2(&stream_, gzip ? kGzip : kZlib) != Z_OK) throw std::bad_alloc();
  }
  ~ZlibInflater() override { ::inflateEnd(&stream_); }

  bool feed(std::string_view bytes, const Take& take) override {
    while (!bytes.empty() && step_ == Step::more) {
      if (!gzip_ && !format_known_) {
        bytes = learn_format(bytes, take);
        continue;
      }
      const auto piece = bytes.substr(0, kInputPiece);
      bytes.remove_prefix(piece.size());
      decode(piece, take);
    }
    return step_ != Step::wrong;
  }

  [[nodiscard]] bool whole() const override { return step_ == Step::done || (step_ == Step::more && member_ended_); }

 private:
  /// zlib's two bytes of header tell it from a raw stream. Returns what is left of the bytes.
  std::string_view learn_format(std::string_view bytes, const Take& take) {
    head_ += bytes.front();
    bytes.remove_prefix(1);
    if (head_.size() < 2) return bytes;
    format_known_ = true;
    const auto first = static_cast<unsigned char>(head_[0]);
    const auto second = static_cast<unsigned char>(head_[1]);
    const bool zlib = (first & 0x0fU) == Z_DEFLATED && (first * 256U + second) % 31U == 0;
    if (!zlib) ::inflateReset2(&stream_, kRaw);
    decode(head_, take);
    return bytes;
  }

  void decode(std::string_view bytes, const Take& take) {
    // zlib does not write to it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool full = false;  // the last call filled its output, so that there may be more
    while (step_ == Step::more && (stream_.avail_in > 0 || full)) {
      if (member_ended_ && !next_member()) return;
      const auto before = stream_.avail_in;
      stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
      stream_.avail_out = static_cast<uInt>(output_.size());
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      const std::size_t out = output_.size() - stream_.avail_out;
      full = stream_.avail_out == 0;
      if (!bounds_.add(before - stream_.avail_in, out)) step_ = Step::wrong;
      if (step_ == Step::more && out > 0) take({output_.data(), out});
      if (out > 0) fresh_member_ = false;
      end_step(result);
    }
  }

  void end_step(int result) {
    if (step_ != Step::more || result == Z_OK || result == Z_BUF_ERROR) return;
    if (result == Z_STREAM_END) {
      if (gzip_) {
        member_ended_ = true;
      } else {
        step_ = Step::done;
      }
      return;
    }
    // Garbage behind a member that only looked like another one's beginning.
    step_ = later_member_ && fresh_member_ ? Step::done : Step::wrong;
  }

  /// Whether another member of gzip begins here.
  bool next_member() {
    if (stream_.avail_in == 0) return false;
    member_ended_ = false;
    if (*stream_.next_in != 0x1f) {
      step_ = Step::done;
      return false;
    }
    ::inflateReset(&stream_);
    later_member_ = fresh_member_ = true;
    return true;
  }

  z_stream stream_{};
  bool gzip_;
  Bounds bounds_;
  Step step_ = Step::more;
  bool format_known_ = false;
  std::string head_;  // of deflate, until its format is known
  bool member_ended_ = false;
  bool later_member_ = false;
  bool fresh_member_ = false;  // of which nothing has come out yet
  std::array<char, kPiece> output_;
};

/// br
class BrotliInflater : public Inflater {
 public:
  explicit BrotliInflater(std::size_t limit)
      : state_(::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)), bounds_(limit) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~BrotliInflater() override { ::BrotliDecoderDestroyInstance(state_); }

  bool feed(std::string_view bytes, const Take& take) override {
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    bool full = false;
    while (step_ == Step::more && (left > 0 || full)) {
      const auto before = left;
      auto* out = reinterpret_cast<std::uint8_t*>(output_.data());
      std::size_t room = output_.size();
      const auto result = ::BrotliDecoderDecompressStream(state_, &left, &in, &room, &out, nullptr);
      const auto written = output_.size() - room;
      full = result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
      if (!bounds_.add(before - left, written)) step_ = Step::wrong;
      if (step_ == Step::more && written > 0) take({output_.data(), written});
      if (result == BROTLI_DECODER_RESULT_ERROR) step_ = Step::wrong;
      if (step_ == Step::more && result == BROTLI_DECODER_RESULT_SUCCESS) step_ = Step::done;
    }
    return step_ != Step::wrong;
  }

  [[nodiscard]] bool whole() const override { return step_ == Step::done; }

 private:
  BrotliDecoderState* state_;
  Bounds bounds_;
  Step step_ = Step::more;
  std::array<char, kPiece> output_;
};

std::string lower(std::string_view text) {
  std::string copy{text};
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return copy;
}

}  // namespace

std::unique_ptr<Inflater> Inflater::make(std::string_view encoding, std::size_t limit) {
  const auto name = lower(encoding);
  if (name == "gzip" || name == "x-gzip") return std::make_unique<ZlibInflater>(true, limit);
  if (name == "deflate") return std::make_unique<ZlibInflater>(false, limit);
  if (name == "br") return std::make_unique<BrotliInflater>(limit);
  return nullptr;
}

bool Inflater::is_identity(std::string_view encoding) { return encoding.empty() || lower(encoding) == "identity"; }

}  // namespace binnacle::gateway
