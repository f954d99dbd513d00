// SPDX-License-Identifier: Apache-2.0
// What clients and command lines send: query strings, Accept headers, credentials, addresses, durations.
#include <string>

#include "core/basic_auth.h"
#include "core/flags.h"
#include "core/listen_address.h"
#include "core/negotiation.h"
#include "core/query.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace binnacle;
  using namespace binnacle::fuzz;
  const auto text = as_text(data, size);

  const auto parameters = parse_query(text);
  std::size_t length = 0;
  for (const auto& [name, value] : parameters) length += name.size() + value.size();
  require(length <= text.size(), "decoding makes nothing longer");
  values_of(parameters, "collect[]");

  const auto& exposition = negotiate_exposition(text);
  require(&exposition == &text_exposition() || &exposition == &openmetrics_exposition(), "a format is chosen");
  accepts_gzip(text);

  if (const auto credentials = parse_basic_credentials(text)) {
    require(credentials->first.find(':') == std::string::npos, "a user's name has no colon");
  }
  parse_basic_credentials("Basic " + std::string{text});

  accepts([&] {
    const auto address = parse_listen_address(text);
    require(address.text == text, "an address is kept for messages");
    require(address.host.find('[') == std::string::npos, "a host has no brackets");
  });
  accepts([&] { require(parse_duration(text).count() >= 0, "a duration is not negative"); });
  return 0;
}
