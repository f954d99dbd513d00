// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/test_families.h"
#include "core/text.h"
#include "rows.h"

namespace binnacle::pgpool {

/// Rows from a table of text: the first line names the columns, `|` separates cells, a cell `\N` is NULL.
inline Rows rows_of(std::string_view table) {
  const auto cells_of = [](std::string_view line) {
    std::vector<Rows::Cell> cells;
    for (;;) {
      const bool last = line.find('|') == std::string_view::npos;
      const auto cell = trim(take_until(line, '|'));
      cells.push_back(cell == "\\N" ? Rows::Cell{} : Rows::Cell{cell});
      if (last) return cells;
    }
  };
  std::vector<std::string> columns;
  for (auto& cell : cells_of(next_line(table).value_or(""))) columns.push_back(cell.value_or(""));
  Rows rows{std::move(columns)};
  while (const auto line = next_line(table)) rows.add(cells_of(*line));
  return rows;
}

}  // namespace binnacle::pgpool
