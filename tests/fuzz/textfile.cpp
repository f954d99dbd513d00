// SPDX-License-Identifier: Apache-2.0
// People's text files: what is accepted goes out, without duplicates, and parses again to the same series.
#include <memory>
#include <set>
#include <string>

#include "core/exposition.h"
#include "core/text.h"
#include "fuzz.h"
#include "system/textfile_merge.h"
#include "system/textfile_parser.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;

std::string exposed(std::string_view text, std::size_t& series, std::size_t& dropped) {
  auto merged = system::merge_textfiles({{"/srv/a.prom", system::parse_textfile(text)}});
  auto families = std::make_shared<Families>();
  for (auto& family : merged.families) {
    auto target = families->family(family.name, family.help, family.type);
    for (auto& metric : family.metric) target.add(std::move(metric));
  }
  std::vector<Dropped> drops;
  const Page page{{families}, &drops};
  series = page.series();
  dropped = drops.at(0).malformed + drops.at(0).duplicate;
  std::string out;
  text_exposition().write(page, out);
  std::string openmetrics;
  openmetrics_exposition().write(page, openmetrics);
  require(openmetrics.ends_with("# EOF\n"), "OpenMetrics has an end");
  require(is_utf8(out) && is_utf8(openmetrics), "a page is UTF-8");
  return out;
}

void no_line_twice(std::string_view page) {
  std::set<std::string_view> seen;
  while (const auto line = next_line(page)) {
    if (line->starts_with('#')) continue;
    require(seen.insert(line->substr(0, line->rfind(' '))).second, "no series stands twice");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  accepts([&] {
    std::size_t series = 0;
    std::size_t dropped = 0;
    const auto page = exposed(as_text(data, size), series, dropped);
    no_line_twice(page);
    std::size_t series_again = 0;
    std::string again;
    require(accepts([&] { again = exposed(page, series_again, dropped); }), "what we expose can be read");
    require(series_again == series && dropped == 0, "what we expose has as many series");
    require(again == page, "what we expose is exposed the same");
  });
  return 0;
}
