// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace binnacle::gateway {

/// Decodes a body of a Content-Encoding as it comes.
class Inflater {
 public:
  virtual ~Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Calls `take` with what these bytes decode to, in pieces of at most 64 KiB and as soon as the encoder has flushed
  /// it. False when the bytes are no such encoding, or decode to more than the limits: from then on nothing more is
  /// decoded. What follows the encoding's end is ignored, unless it is another member of gzip.
  virtual bool feed(std::string_view bytes, const std::function<void(std::string_view decoded)>& take) = 0;

  /// The encoding has come to its end, checksum and all.
  [[nodiscard]] virtual bool whole() const = 0;

  /// For "gzip", "x-gzip", "deflate", "br" (upper or lower case); null for identity, an empty one and any other, such
  /// as two in a row. `limit`: bytes of output at most; beyond the first MiB never more than 1000 times the input,
  /// either. "deflate" may be zlib's (RFC 1950), as it has to be, or raw (RFC 1951), as some send it.
  static std::unique_ptr<Inflater> make(std::string_view encoding, std::size_t limit);
  /// Whether the encoding is none: empty or identity.
  static bool is_identity(std::string_view encoding);

 protected:
  Inflater() = default;
};

}  // namespace binnacle::gateway
