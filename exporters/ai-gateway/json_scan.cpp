// SPDX-License-Identifier: Apache-2.0
#include "json_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace binnacle::gateway {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

/// Of numbers, true, false and null, and of NaN and Infinity, which some write.
bool is_scalar(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-' ||
         byte == '+' || byte == '.';
}

bool is_bracket_or_quote(char byte) { return byte == '"' || byte == '[' || byte == ']' || byte == '{' || byte == '}'; }

/// The lowest byte of it that is 0x80 is where `word` has `byte` first; those above may be wrong. 0: nowhere.
std::uint64_t find_in_word(std::uint64_t word, std::uint64_t byte) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto difference = word ^ (kOnes * byte);
  return (difference - kOnes) & ~difference & (kOnes * 0x80);
}

/// Where the first bracket or quote stands, eight bytes at a time; the size where there is none.
std::size_t find_bracket_or_quote(std::string_view bytes, std::size_t at) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, sizeof word);
      // With this bit set, [ and { are one byte, and ] and } are another.
      const auto folded = word | 0x2020202020202020;
      const auto hits = find_in_word(word, '"') | find_in_word(folded, '{') | find_in_word(folded, '}');
      if (hits != 0) return at + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
    }
  }
  while (at < bytes.size() && !is_bracket_or_quote(bytes[at])) ++at;
  return at;
}

/// Where the first quote or backslash stands; the size where there is none.
std::size_t find_quote_or_backslash(std::string_view bytes, std::size_t at) {
  const auto quote = std::min(bytes.find('"', at), bytes.size());
  return std::min(bytes.substr(0, quote).find('\\', at), quote);
}

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

}  // namespace

JsonScan::JsonScan(std::span<const std::string_view> paths, std::size_t limit) : paths_(paths), limit_(limit) {
  if (paths.size() > kPathLimit) throw std::logic_error("too many paths");
}

JsonScan::State JsonScan::feed(std::string_view bytes) {
  piece_ = bytes;
  at_ = 0;
  while (at_ < bytes.size() && state_ != State::broken) {
    switch (mode_) {
      case Mode::structure:
        read_structure(bytes[at_]);
        break;
      case Mode::key:
        read_key(bytes);
        break;
      case Mode::text:
      case Mode::skipped_text:
        read_text(bytes);
        break;
      case Mode::scalar:
        read_scalar(bytes);
        break;
      case Mode::skip:
        skip(bytes);
        break;
    }
  }
  if (state_ == State::broken) captures_.clear();
  for (auto& capture : captures_) {
    const auto more = bytes.substr(capture.from);
    capture.from = 0;
    if (capture.found.too_long) continue;
    if (capture.found.text.size() + more.size() > limit_) {
      capture.found.too_long = true;
      capture.found.text = {};
    } else {
      capture.found.text += more;
    }
  }
  offset_ += bytes.size();
  piece_ = {};
  at_ = 0;
  return state_;
}

void JsonScan::read_structure(char byte) {
  const bool marks = mark_ < kByteOrderMark.size() && offset() == mark_ && byte == kByteOrderMark[mark_];
  if (marks) ++mark_;
  const bool broken_mark = !marks && mark_ % kByteOrderMark.size() != 0;
  if (marks || (is_space(byte) && !broken_mark)) {
    ++at_;
  } else if (byte == '"' && (expect_ == Expect::key || expect_ == Expect::key_or_end)) {
    mode_ = Mode::key;
    key_.clear();
    key_at_.begin = offset();
    ++at_;
  } else if (byte == ':' && expect_ == Expect::colon) {
    expect_ = Expect::value;
    ++at_;
  } else if (byte == ',' && expect_ == Expect::comma_or_end) {
    expect_ = levels_[depth_ - 1].array ? Expect::value : Expect::key;
    ++at_;
  } else if (byte == '}' && (expect_ == Expect::comma_or_end || expect_ == Expect::key_or_end)) {
    end_container(false);
  } else if (byte == ']' && (expect_ == Expect::comma_or_end || expect_ == Expect::value_or_end)) {
    end_container(true);
  } else if (!broken_mark && (expect_ == Expect::value || expect_ == Expect::value_or_end)) {
    begin_value(byte);
  } else {
    state_ = State::broken;
  }
}

void JsonScan::begin_value(char byte) {
  Level inside;
  if (depth_ == 0) {
    inside.paths = paths_.size() == kPathLimit ? ~std::uint64_t{0} : (std::uint64_t{1} << paths_.size()) - 1;
  } else if (levels_[depth_ - 1].paths != 0) {
    inside = match(levels_[depth_ - 1]);
  }
  if (byte == '{' || byte == '[') {
    inside.array = byte == '[';
    begin_container(inside);
  } else if (byte == '"') {
    mode_ = Mode::text;
    ++at_;
  } else if (is_scalar(byte)) {
    mode_ = Mode::scalar;
  } else {
    state_ = State::broken;
  }
}

/// All paths that lead here have the same keys so far, so that they go on at the same place.
JsonScan::Level JsonScan::match(const Level& level) {
  const std::string_view key = level.array ? std::string_view{"*"} : std::string_view{key_};
  Level inside{0, level.prefix + key.size() + 1, false};
  if (key.empty() || (!level.array && (key == "*" || key.find('.') != std::string_view::npos))) return inside;
  for (auto left = level.paths; left != 0; left &= left - 1) {
    const auto path = static_cast<std::size_t>(std::countr_zero(left));
    const auto rest = paths_[path].substr(level.prefix);
    if (!rest.starts_with(key.front()) || !rest.starts_with(key)) continue;
    if (rest.size() == key.size()) {
      Capture capture{depth_, at_, {}};
      capture.found.path = path;
      if (!level.array) capture.found.key = key_at_;
      capture.found.value.begin = offset();
      captures_.push_back(std::move(capture));
    } else if (rest[key.size()] == '.') {
      inside.paths |= std::uint64_t{1} << path;
    }
  }
  return inside;
}

void JsonScan::begin_container(Level inside) {
  if (depth_ == kDepthLimit) {
    state_ = State::broken;
    return;
  }
  levels_[depth_] = inside;
  ++depth_;
  ++at_;
  expect_ = inside.array ? Expect::value_or_end : Expect::key_or_end;
  if (inside.paths == 0 && mode_ != Mode::skip) {
    mode_ = Mode::skip;
    skip_from_ = depth_;
  }
}

void JsonScan::end_container(bool array) {
  if (depth_ == 0 || levels_[depth_ - 1].array != array) {
    state_ = State::broken;
    return;
  }
  --depth_;
  if (mode_ == Mode::skip && depth_ >= skip_from_) {
    ++at_;
    return;
  }
  if (depth_ == 0) end_bracket_ = offset();
  ++at_;
  end_value(at_);
}

void JsonScan::end_value(std::size_t end) {
  mode_ = Mode::structure;
  while (!captures_.empty() && captures_.back().depth == depth_) {
    auto capture = std::move(captures_.back());
    captures_.pop_back();
    auto& found = capture.found;
    found.value.end = offset_ + end;
    found.too_long = found.value.size() > limit_;
    if (found.too_long) {
      found.text = {};
    } else {
      found.text += piece_.substr(capture.from, end - capture.from);
    }
    keep(std::move(found));
  }
  expect_ = depth_ == 0 ? Expect::nothing : Expect::comma_or_end;
  if (depth_ == 0) state_ = State::whole;
}

void JsonScan::keep(Found found) {
  if (found_.size() >= kFoundLimit) {
    const auto same = [&](const Found& other) { return other.path == found.path; };
    if (std::count_if(found_.begin(), found_.end(), same) >= 2) {
      found_.erase(std::find_if(found_.rbegin(), found_.rend(), same).base() - 1);
    }
  }
  found_.push_back(std::move(found));
}

void JsonScan::read_key(std::string_view bytes) {
  while (at_ < bytes.size() && state_ != State::broken) {
    if (escape_ != Escape::none) {
      unescape(bytes[at_++]);
      continue;
    }
    const auto next = find_quote_or_backslash(bytes, at_);
    append_key(bytes.substr(at_, next - at_));
    at_ = next;
    if (at_ == bytes.size()) return;
    ++at_;
    if (bytes[next] == '"') {
      key_at_.end = offset();
      mode_ = Mode::structure;
      expect_ = Expect::colon;
      return;
    }
    escape_ = Escape::begun;
  }
}

void JsonScan::unescape(char byte) {
  if (escape_ == Escape::begun) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const auto found = kEscapes.find(byte);
    if (byte == 'u') {
      escape_ = Escape::u0;
      code_unit_ = 0;
    } else if (found != std::string_view::npos) {
      append_key(kMeanings.substr(found, 1));
      escape_ = Escape::none;
    } else {
      state_ = State::broken;
    }
    return;
  }
  const int digit = hex_digit(byte);
  if (digit < 0) {
    state_ = State::broken;
    return;
  }
  code_unit_ = code_unit_ * 16 + static_cast<std::uint32_t>(digit);
  if (escape_ != Escape::u3) {
    escape_ = static_cast<Escape>(static_cast<int>(escape_) + 1);
    return;
  }
  escape_ = Escape::none;
  // No path has anything but ASCII, so that any byte beyond it tells such a key apart.
  const char ascii = code_unit_ < 0x80 ? static_cast<char>(code_unit_) : '\xFF';
  append_key({&ascii, 1});
}

void JsonScan::append_key(std::string_view bytes) { key_ += bytes.substr(0, kKeyLimit + 1 - key_.size()); }

void JsonScan::read_text(std::string_view bytes) {
  if (escape_ != Escape::none) {
    escape_ = Escape::none;
    ++at_;
  }
  // Each quote is looked for once, however many escapes stand before it.
  auto quote = at_;
  while (at_ < bytes.size()) {
    if (quote <= at_) quote = std::min(bytes.find('"', at_), bytes.size());
    const auto* const backslash =
        static_cast<const char*>(std::memchr(bytes.data() + at_, '\\', quote - at_));  // null: none
    if (backslash == nullptr) {
      at_ = quote;
      break;
    }
    at_ = static_cast<std::size_t>(backslash - bytes.data()) + 2;
    if (quote < at_) quote = 0;
  }
  if (at_ > bytes.size()) {
    escape_ = Escape::begun;
    at_ = bytes.size();
  }
  if (at_ == bytes.size()) return;
  ++at_;
  if (mode_ == Mode::skipped_text) {
    mode_ = Mode::skip;
  } else {
    end_value(at_);
  }
}

void JsonScan::read_scalar(std::string_view bytes) {
  while (at_ < bytes.size() && is_scalar(bytes[at_])) ++at_;
  if (at_ < bytes.size()) end_value(at_);
}

void JsonScan::skip(std::string_view bytes) {
  at_ = find_bracket_or_quote(bytes, at_);
  if (at_ == bytes.size()) return;
  const char byte = bytes[at_];
  if (byte == '"') {
    mode_ = Mode::skipped_text;
    ++at_;
  } else if (byte == '{' || byte == '[') {
    begin_container({0, 0, byte == '['});
  } else {
    end_container(byte == ']');
  }
}

}  // namespace binnacle::gateway
