// SPDX-License-Identifier: Apache-2.0
// A statement's text keeps nothing of its literals, whatever comes after them.
#include "postgres-pool/strip_literals.h"

#include <string>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle::fuzz;
  using binnacle::pgpool::strip_literals;
  const auto text = as_text(data, size);
  const auto stripped = strip_literals(text);
  require(stripped.size() <= text.size(), "nothing is added");
  require(stripped.find_first_of("\n\r\t") == std::string::npos || text.find('"') != std::string_view::npos,
          "white space is one blank, but in a quoted name");
  for (const auto* const literal : {"'4111-secret'", "E'it\\'s 4111-secret'", "$tag$4111-secret$tag$",
                                    "$$4111-secret$$", "U&'4111-secret'", "/* 4111-secret */", "-- 4111-secret\n"}) {
    const auto statement = "SELECT " + std::string{literal} + " " + std::string{text};
    // The text may well say the same once more, in a place where it stays.
    if (text.find("4111-secret") != std::string_view::npos) break;
    require(strip_literals(statement).find("4111-secret") == std::string::npos, "a literal is gone");
  }
  return 0;
}
