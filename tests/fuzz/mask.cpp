// SPDX-License-Identifier: Apache-2.0
// What is masked stays masked, and a log line is one line of valid UTF-8 whatever is in it.
#include "core/mask.h"

#include <nlohmann/json.hpp>
#include <string>

#include "core/log.h"
#include "core/text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle;
  using namespace binnacle::fuzz;
  const auto text = as_text(data, size);
  const auto masked = mask_secrets(text);
  require(mask_secrets(masked) == masked, "masking secrets twice changes nothing");
  const auto impersonal = mask_pii(text);
  require(mask_pii(impersonal) == impersonal, "masking personal data twice changes nothing");
  is_secret_key(text);

  // A password in a URL never shows, whatever stands around it, unless that itself is the password: libFuzzer finds
  // words that are compared.
  const std::string password = "hunter2secret";
  const std::string url = "postgres://bob:" + password + "@db/x";
  if (text.find(password) == std::string_view::npos) {
    for (const auto& around : {std::string{text} + " " + url, url + " " + std::string{text}}) {
      require(mask_secrets(around).find(password) == std::string::npos, "a URL's password never shows");
    }
  }

  for (const auto format : {log::Format::logfmt, log::Format::json}) {
    for (const bool mask_personal : {false, true}) {
      const auto line = log::format_line({log::Level::info, format, mask_personal}, "2026-01-02T03:04:05.678Z",
                                         log::Level::warn, text, {{"error", std::string{text}}, {text, "value"}});
      require(is_utf8(line), "a log line is UTF-8");
      for (const char c : line) require(static_cast<unsigned char>(c) >= 0x20, "a log line has no control characters");
      if (format == log::Format::json) require(nlohmann::json::accept(line), "a JSON line is JSON");
    }
  }
  return 0;
}
