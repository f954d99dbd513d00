// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <brotli/encode.h>
#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::gateway {

/// For tests: the texts one after the other, each flushed, so that each of the pieces decodes to one text. By zlib with
/// window bits: 15 + 16 is gzip, 15 zlib, -15 raw.
inline std::vector<std::string> deflated_pieces(const std::vector<std::string>& texts, int window_bits) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("no zlib");
  }
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < texts.size(); ++at) {
    std::string piece(::deflateBound(&stream, texts[at].size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(texts[at].data()));
    stream.avail_in = static_cast<uInt>(texts[at].size());
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    ::deflate(&stream, at + 1 == texts.size() ? Z_FINISH : Z_SYNC_FLUSH);
    piece.resize(piece.size() - stream.avail_out);
    pieces.push_back(std::move(piece));
  }
  ::deflateEnd(&stream);
  return pieces;
}

inline std::vector<std::string> brotli_pieces(const std::vector<std::string>& texts) {
  auto* const state = ::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
  ::BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, 5);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < texts.size(); ++at) {
    const auto* in = reinterpret_cast<const std::uint8_t*>(texts[at].data());
    std::size_t left = texts[at].size();
    std::size_t room = 0;
    const auto operation = at + 1 == texts.size() ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
    std::string piece;
    do {
      ::BrotliEncoderCompressStream(state, operation, &left, &in, &room, nullptr, nullptr);
      std::size_t size = 0;
      const auto* const out = ::BrotliEncoderTakeOutput(state, &size);
      piece.append(reinterpret_cast<const char*>(out), size);
    } while (left > 0 || ::BrotliEncoderHasMoreOutput(state) == BROTLI_TRUE);
    pieces.push_back(std::move(piece));
  }
  ::BrotliEncoderDestroyInstance(state);
  return pieces;
}

inline std::vector<std::string> encode_pieces(std::string_view encoding, const std::vector<std::string>& texts) {
  if (encoding == "br") return brotli_pieces(texts);
  return deflated_pieces(texts, encoding == "gzip" ? 15 + 16 : 15);
}

inline std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  return all;
}

inline std::string deflated(const std::vector<std::string>& texts, int window_bits) {
  return joined(deflated_pieces(texts, window_bits));
}

/// "gzip", "deflate" (zlib's) or "br".
inline std::string encode(std::string_view encoding, const std::vector<std::string>& texts) {
  return joined(encode_pieces(encoding, texts));
}

}  // namespace binnacle::gateway
