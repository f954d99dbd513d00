// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

#include <algorithm>
#include <stdexcept>

#include "core/text.h"

namespace binnacle::pgpool {

std::optional<std::string_view> Row::text_at(std::size_t column) const {
  const auto& cell = rows_->cells_[index_ * rows_->columns_.size() + column];
  if (cell.is_null) return std::nullopt;
  return std::string_view{rows_->text_}.substr(cell.begin, cell.size);
}

std::optional<double> Row::number_at(std::size_t column) const {
  const auto value = text_at(column);
  return value ? to_double(*value) : std::nullopt;
}

std::optional<std::string_view> Row::text(std::string_view column) const {
  const auto at = rows_->column(column);
  return at ? text_at(*at) : std::nullopt;
}

std::optional<double> Row::number(std::string_view column) const {
  const auto at = rows_->column(column);
  return at ? number_at(*at) : std::nullopt;
}

std::optional<bool> Row::flag(std::string_view column) const {
  const auto value = text(column);
  if (value == "t" || value == "1") return true;
  if (value == "f" || value == "0") return false;
  return std::nullopt;
}

void Rows::add(const std::vector<Cell>& cells) {
  if (cells.size() != columns_.size()) throw std::logic_error("a row has as many cells as there are columns");
  for (const auto& cell : cells) add_cell(cell);
}

void Rows::add_cell(std::optional<std::string_view> text) {
  cells_.push_back({text_.size(), text ? text->size() : 0, !text});
  if (text) text_ += *text;
}

std::optional<std::size_t> Rows::column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

}  // namespace binnacle::pgpool
