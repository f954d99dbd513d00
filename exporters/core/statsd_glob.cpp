// SPDX-License-Identifier: Apache-2.0
#include "statsd_glob.h"

#include <algorithm>
#include <stdexcept>

#include "text.h"

namespace binnacle {

namespace {

/// Takes "$1" or "${1}" off the front of `text` and returns its number, 0 when none stands there.
std::size_t take_capture(std::string_view& text) {
  const bool braces = text.starts_with("${");
  const std::size_t at = braces ? 2 : 1;
  const std::size_t length = braces ? 4 : 2;
  if (text.size() < length || text[at] < '1' || text[at] > '9' || (braces && text[3] != '}')) return 0;
  const auto number = static_cast<std::size_t>(text[at] - '0');
  text.remove_prefix(length);
  return number;
}

}  // namespace

StatsdGlob::StatsdGlob(std::string_view pattern) : text_(pattern) {
  const auto fail = [&](const char* why) {
    throw std::runtime_error("pattern " + quoted(pattern) + ": " + why +
                             "; expected words between dots, such as app.*.hits");
  };
  auto rest = pattern;
  for (bool more = true; more;) {
    const auto dot = rest.find('.');
    more = dot != std::string_view::npos;
    const auto word = rest.substr(0, dot);
    if (word.empty()) fail("a word is empty");
    const auto star = word.find('*');
    if (star == std::string_view::npos) {
      words_.push_back({std::string{word}, {}, false});
    } else {
      if (word.find('*', star + 1) != std::string_view::npos) fail("a word has two stars");
      words_.push_back({std::string{word.substr(0, star)}, std::string{word.substr(star + 1)}, true});
      if (++stars_ > kMaxStars) fail("more than 9 stars");
    }
    if (more) rest.remove_prefix(dot + 1);
  }
}

bool StatsdGlob::match(std::string_view name, Captures& captures) const {
  std::size_t captured = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto& word = words_[i];
    const auto dot = name.find('.');
    const bool last = i + 1 == words_.size();
    if (last != (dot == std::string_view::npos)) return false;
    const auto part = name.substr(0, dot);
    if (!word.star) {
      if (part != word.before) return false;
    } else {
      const auto fixed = word.before.size() + word.after.size();
      if (part.size() < fixed || !part.starts_with(word.before) || !part.ends_with(word.after)) return false;
      captures.at(captured++) = part.substr(word.before.size(), part.size() - fixed);
    }
    if (!last) name.remove_prefix(dot + 1);
  }
  return true;
}

std::string expand_captures(std::string_view text, const StatsdGlob::Captures& captures) {
  std::string out;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    if (const auto number = take_capture(text)) {
      out += captures.at(number - 1);
    } else {
      out += '$';
      text.remove_prefix(1);
    }
  }
  return out;
}

std::size_t highest_capture(std::string_view text) {
  std::size_t highest = 0;
  const auto whole = text;
  for (;;) {
    const auto dollar = text.find('$');
    if (dollar == std::string_view::npos) return highest;
    text.remove_prefix(dollar);
    const auto number = take_capture(text);
    if (number == 0) throw std::runtime_error(quoted(whole) + ": a '$' without its number; expected $1 to $9");
    highest = std::max(highest, number);
  }
}

}  // namespace binnacle
