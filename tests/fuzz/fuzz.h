// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

/// libFuzzer calls this with each input; the sanitizers and `require` end the process when something is wrong.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace binnacle::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process when something does not hold that always must.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Runs a parser that may refuse its input: by a std::runtime_error of one line, whose length is bounded whatever came
/// in. Every other exception ends the process. Returns whether the input was taken.
template <typename Parse>
bool accepts(Parse parse) {
  try {
    parse();
    return true;
  } catch (const std::runtime_error& error) {
    const std::string_view message = error.what();
    require(!message.empty(), "an error has a message");
    require(message.find('\n') == std::string_view::npos, "a message is one line");
    require(message.size() < 4096, "a message is short");
    return false;
  }
}

}  // namespace binnacle::fuzz
