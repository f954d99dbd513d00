// SPDX-License-Identifier: Apache-2.0
#include "inflater.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "test_encodings.h"

using namespace binnacle::gateway;

namespace {

constexpr std::size_t kLimit = std::size_t{64} << 20U;

struct Decoded {
  std::string text;
  bool good = true;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view encoding, std::string_view bytes, std::size_t step, std::size_t limit = kLimit) {
  const auto inflater = Inflater::make(encoding, limit);
  Decoded decoded;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    decoded.good = inflater->feed(piece, [&](std::string_view text) {
      if (text.size() > 65536) FAIL("a piece is at most 64 KiB");
      decoded.text += text;
    });
  }
  return decoded;
}

/// The same in pieces of any length.
Decoded decode(std::string_view encoding, std::string_view bytes) {
  auto whole = decode(encoding, bytes, bytes.size());
  for (const auto step : std::initializer_list<std::size_t>{1, 2, 3, 7, 100, 4096}) {
    CAPTURE(step);
    CHECK(decode(encoding, bytes, step) == whole);
  }
  return whole;
}

std::string noise(std::size_t size) {
  std::mt19937 random{7};
  std::string text(size, '\0');
  for (auto& byte : text) byte = static_cast<char>('a' + random() % 16);
  return text;
}

}  // namespace

TEST_CASE("each encoding is decoded", "[inflater]") {
  for (const std::string& text : {std::string{}, std::string{"hello"}, noise(300'000), std::string(200'000, 'x')}) {
    for (const auto* const encoding : {"gzip", "deflate", "br"}) {
      CAPTURE(encoding);
      CHECK(decode(encoding, encode(encoding, {text})) == Decoded{text, true});
    }
    CHECK(decode("deflate", deflated({text}, -15)) == Decoded{text, true});
  }
}

TEST_CASE("encodings are known by their names", "[inflater]") {
  for (const auto* const name : {"gzip", "GZip", "x-gzip", "deflate", "br", "BR"}) CHECK(Inflater::make(name, 1));
  for (const auto* const name : {"", "identity", "zstd", "gzip, br", "gzi"}) CHECK_FALSE(Inflater::make(name, 1));
  CHECK(Inflater::is_identity(""));
  CHECK(Inflater::is_identity("Identity"));
  CHECK_FALSE(Inflater::is_identity("gzip"));
}

TEST_CASE("what was flushed is decoded at once", "[inflater]") {
  for (const auto* const encoding : {"gzip", "deflate", "br"}) {
    CAPTURE(encoding);
    const std::vector<std::string> texts{"data: one\n\n", "data: two\n\n", "data: three\n\n"};
    const auto pieces = encode_pieces(encoding, texts);
    REQUIRE(pieces.size() == texts.size());
    const auto inflater = Inflater::make(encoding, kLimit);
    for (std::size_t at = 0; at < texts.size(); ++at) {
      std::string decoded;
      CHECK(inflater->feed(pieces[at], [&](std::string_view text) { decoded += text; }));
      CHECK(decoded == texts[at]);
    }
  }
}

TEST_CASE("gzip may have several members, and garbage behind them", "[inflater]") {
  const auto two = encode("gzip", {"one "}) + encode("gzip", {"two"});
  CHECK(decode("gzip", two) == Decoded{"one two", true});
  CHECK(decode("gzip", encode("gzip", {""}) + two) == Decoded{"one two", true});
  CHECK(decode("gzip", two + std::string(8, '\0')) == Decoded{"one two", true});
  CHECK(decode("gzip", two + "garbage") == Decoded{"one two", true});
  CHECK(decode("gzip", two + "\x1fgarbage") == Decoded{"one two", true});
  CHECK(decode("deflate", deflated({"one"}, 15) + "garbage") == Decoded{"one", true});
  CHECK(decode("br", encode("br", {"one"}) + "garbage") == Decoded{"one", true});
}

TEST_CASE("what is no such encoding is refused for good", "[inflater]") {
  for (const auto* const encoding : {"gzip", "br"}) {
    const auto inflater = Inflater::make(encoding, kLimit);
    const auto none = [](std::string_view) { FAIL("nothing can come of it"); };
    CHECK_FALSE(inflater->feed("\xff\xff\xff\xff\xff{\"error\":1}", none));
    CHECK_FALSE(inflater->feed(encode(encoding, {"good"}), none));
  }
  CHECK_FALSE(decode("deflate", "\xff\xff\xff\xff").good);
  auto broken = encode("gzip", {noise(1000)});
  broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x55);
  CHECK_FALSE(decode("gzip", broken, broken.size()).good);
}

TEST_CASE("an encoding is whole with its last byte", "[inflater]") {
  const auto nothing = [](std::string_view) {};
  for (const auto* const encoding : {"gzip", "deflate", "br"}) {
    CAPTURE(encoding);
    const auto bytes = encode(encoding, {"one", "two"});
    const auto inflater = Inflater::make(encoding, kLimit);
    CHECK_FALSE(inflater->whole());
    CHECK(inflater->feed(std::string_view{bytes}.substr(0, bytes.size() - 1), nothing));
    CHECK_FALSE(inflater->whole());
    CHECK(inflater->feed(std::string_view{bytes}.substr(bytes.size() - 1), nothing));
    CHECK(inflater->whole());
    CHECK(inflater->feed("garbage", nothing));
    CHECK(inflater->whole());
  }
  const auto member = encode("gzip", {"one"});
  const auto inflater = Inflater::make("gzip", kLimit);
  CHECK(inflater->feed(member + member.substr(0, member.size() - 8), nothing));
  CHECK_FALSE(inflater->whole());
}

TEST_CASE("an encoding that is cut off gives what came", "[inflater]") {
  const auto whole = encode("gzip", {noise(1000)});
  const auto decoded = decode("gzip", std::string_view(whole).substr(0, whole.size() - 9));
  CHECK(decoded.good);
  CHECK(noise(1000).starts_with(decoded.text));
}

TEST_CASE("output is bounded, by its size and by its input's", "[inflater]") {
  for (const auto* const encoding : {"gzip", "deflate", "br"}) {
    CAPTURE(encoding);
    const auto limited = decode(encoding, encode(encoding, {noise(100'000)}), 1000, 50'000);
    CHECK_FALSE(limited.good);
    CHECK(limited.text.size() <= 50'000);
  }
  const std::string zeros(std::size_t{32} << 20U, '\0');
  const auto bomb = encode("br", {zeros});
  REQUIRE(bomb.size() * 1000 < zeros.size());
  const auto bounded = decode("br", bomb, bomb.size());
  CHECK_FALSE(bounded.good);
  CHECK(bounded.text.size() <= (std::size_t{1} << 20U) + bomb.size() * 1000);
}
