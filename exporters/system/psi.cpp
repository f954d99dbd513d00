// SPDX-License-Identifier: Apache-2.0
#include "psi.h"

#include <stdexcept>
#include <string>

#include "core/text.h"

namespace binnacle::system {

namespace {

std::string_view value_of(std::string_view& rest, std::string_view key, std::string_view what) {
  auto field = next_field(rest);
  if (take_until(field, '=') != key) {
    throw std::runtime_error(std::string{what} + ": expected " + std::string{key} +
                             "=, the line is cut or of another form");
  }
  return field;
}

PsiLine parse_line(std::string_view rest, std::string_view what) {
  PsiLine line;
  line.avg10 = require_double(value_of(rest, "avg10", what), what);
  line.avg60 = require_double(value_of(rest, "avg60", what), what);
  line.avg300 = require_double(value_of(rest, "avg300", what), what);
  line.total_us = require_u64(value_of(rest, "total", what), what);
  return line;
}

}  // namespace

Psi parse_psi(std::string_view text, std::string_view what) {
  Psi psi;
  while (auto line = next_line(text)) {
    const auto kind = next_field(*line);
    if (kind == "some") {
      psi.some = parse_line(*line, what);
    } else if (kind == "full") {
      psi.full = parse_line(*line, what);
    }
  }
  return psi;
}

}  // namespace binnacle::system
