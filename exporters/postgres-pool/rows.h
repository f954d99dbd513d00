// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::pgpool {

class Rows;

/// One row of a result; a view that lives as long as its Rows.
class Row {
 public:
  Row(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}

  /// The cell of a column; nothing when it is NULL or the result has no such column.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view column) const;
  /// As text(), as a number; nothing when the text is no number either.
  [[nodiscard]] std::optional<double> number(std::string_view column) const;
  /// As text(), as a truth value: PostgreSQL's t and f, PgBouncer's 1 and 0.
  [[nodiscard]] std::optional<bool> flag(std::string_view column) const;

  /// The same by the position that Rows::column() gave.
  [[nodiscard]] std::optional<std::string_view> text_at(std::size_t column) const;
  [[nodiscard]] std::optional<double> number_at(std::size_t column) const;

 private:
  const Rows* rows_;
  std::size_t index_;
};

/// A query's result: named columns, and cells as text or NULL.
///
/// Columns are found by name, so that a server that adds, drops or moves some breaks nothing.
class Rows {
 public:
  using Cell = std::optional<std::string>;

  class Iterator {
   public:
    Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}
    Row operator*() const { return {*rows_, index_}; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Rows* rows_;
    std::size_t index_;
  };

  Rows() = default;
  explicit Rows(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  /// Adds a row: one cell a column, in the columns' order. Throws std::logic_error for another number of them.
  void add(const std::vector<Cell>& cells);
  /// Adds one cell: the next of the last row, or the first of a new one. No row is there before its last cell is.
  void add_cell(std::optional<std::string_view> text);

  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] Row operator[](std::size_t index) const { return {*this, index}; }
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  friend class Row;
  struct Span {
    std::size_t begin;
    std::size_t size;
    bool is_null;
  };
  std::vector<std::string> columns_;
  std::vector<Span> cells_;  // row after row
  std::string text_;         // of all cells: one piece of memory, since results are many small cells
};

}  // namespace binnacle::pgpool
