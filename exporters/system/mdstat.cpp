// SPDX-License-Identifier: Apache-2.0
#include "mdstat.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/text.h"

namespace binnacle::system {

namespace {

constexpr std::string_view kFirstLine = "Personalities :";

std::uint64_t count_of(std::string_view text, std::string_view part) {
  std::uint64_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

struct Disks {
  std::uint64_t required = 0;
  std::uint64_t active = 0;
};

/// The last "[4/3] [UU_U]" in a line: four disks required, three of them active.
std::optional<Disks> find_disks(std::string_view line) {
  for (auto middle = line.rfind("] ["); middle != std::string_view::npos && middle > 0;
       middle = line.rfind("] [", middle - 1)) {
    const auto marks_end = line.find_first_not_of("U_", middle + 3);
    if (marks_end == middle + 3 || marks_end == std::string_view::npos || line[marks_end] != ']') continue;
    const auto open = line.rfind('[', middle);
    if (open == std::string_view::npos) continue;
    auto numbers = line.substr(open + 1, middle - open - 1);
    const auto required = to_u64(take_until(numbers, '/'));
    const auto active = to_u64(numbers);
    if (required && active) return Disks{*required, *active};
  }
  return std::nullopt;
}

/// The first number of the "(16775552/195310144)" in a line of progress.
std::optional<std::uint64_t> find_progress(std::string_view line) {
  for (auto open = line.find('('); open != std::string_view::npos; open = line.find('(', open + 1)) {
    auto numbers = line.substr(open + 1, line.find(')', open) - open - 1);
    const auto done = to_u64(take_until(numbers, '/'));
    if (done && to_u64(numbers)) return done;
  }
  return std::nullopt;
}

/// `head` is the array's first line, `status` the one after it.
void read_disks(MdArray& array, std::string_view head, std::string_view status) {
  auto rest = status;
  array.blocks = require_u64(next_field(rest), "blocks");
  array.blocks_synced = array.blocks;
  array.disks_failed = count_of(head, "(F)");
  array.disks_spare = count_of(head, "(S)");
  if (contains(head, "raid0") || contains(head, "linear")) {
    // Without redundancy the kernel prints no such counts; only disks have brackets on the first line.
    array.disks_required = array.disks_active = count_of(head, "[");
  } else if (!contains(head, "inactive")) {
    const auto disks = find_disks(status);
    if (!disks) throw std::runtime_error("expected disks like [2/2] [UU], got " + quoted(trim(status)));
    array.disks_required = disks->required;
    array.disks_active = disks->active;
  }
}

void read_sync(MdArray& array, std::string_view line) {
  if (contains(line, "recovery")) {
    array.state = "recovering";
  } else if (contains(line, "reshape")) {
    array.state = "reshaping";
  } else if (contains(line, "check")) {
    array.state = "checking";
  } else if (contains(line, "resync")) {
    array.state = "resyncing";
  } else {
    return;
  }
  // No progress: it is delayed, pending, or done by another host.
  array.blocks_synced = find_progress(line).value_or(0);
}

MdArray parse_array(std::string_view head, const std::vector<std::string_view>& lines) {
  MdArray array;
  auto rest = head;
  array.name = next_field(rest);
  const auto colon = next_field(rest);
  array.state = next_field(rest);
  if (colon != ":" || array.state.empty()) {
    throw std::runtime_error("expected an array's name and state, got " + quoted(head));
  }
  if (lines.empty()) throw std::runtime_error("expected a line with the number of blocks, got none");
  read_disks(array, head, lines.front());
  const auto sync = std::find_if(lines.begin() + 1, lines.end(), [](auto line) { return !contains(line, "bitmap"); });
  if (sync != lines.end()) read_sync(array, *sync);
  return array;
}

}  // namespace

Mdstat parse_mdstat(std::string_view text) {
  if (!text.starts_with(kFirstLine)) {
    throw std::runtime_error("mdstat: expected \"" + std::string{kFirstLine} + "\" at its front, got " + quoted(text));
  }
  Mdstat mdstat;
  next_line(text);
  auto line = next_line(text);
  while (line) {
    const auto head = *line;
    std::vector<std::string_view> lines;  // those that belong to `head`: they begin with a blank
    for (line = next_line(text); line && line->starts_with(' '); line = next_line(text)) {
      if (!trim(*line).empty()) lines.push_back(*line);
    }
    if (trim(head).empty() || head.starts_with(' ') || head.starts_with("unused")) continue;
    try {
      mdstat.arrays.push_back(parse_array(head, lines));
    } catch (const std::runtime_error& error) {
      auto rest = head;
      mdstat.problems.push_back("mdstat: " + quoted(next_field(rest)) + ": " + error.what());
    }
  }
  return mdstat;
}

}  // namespace binnacle::system
