// SPDX-License-Identifier: Apache-2.0
#include "strip_literals.h"

#include <algorithm>

namespace binnacle::pgpool {

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

bool is_blank(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// What may begin a name; bytes of other scripts may.
bool begins_name(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
         static_cast<unsigned char>(byte) >= 0x80;
}

bool continues_name(char byte) { return begins_name(byte) || is_digit(byte) || byte == '$'; }

/// Walks over a statement, token by token.
class Stripper {
 public:
  explicit Stripper(std::string_view sql) : rest_(sql) {}

  std::string run() {
    while (!rest_.empty()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char byte = rest_.front();
    if (is_blank(byte)) {
      rest_.remove_prefix(1);
      blank();
    } else if (rest_.starts_with("--")) {
      drop_through(rest_.find('\n'), 1);
      blank();
    } else if (rest_.starts_with("/*")) {
      drop_comment();
      blank();
    } else if (byte == '\'') {
      drop_string(false);
      out_ += '?';
    } else if (byte == '"') {
      keep_quoted_name();
    } else if (byte == '$') {
      dollar();
    } else if (is_digit(byte) || (byte == '.' && rest_.size() > 1 && is_digit(rest_[1]))) {
      drop_number();
    } else if (begins_name(byte)) {
      name();
    } else {
      keep(1);
    }
  }

  void keep(std::size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }

  void blank() {
    if (!out_.empty() && out_.back() != ' ') out_ += ' ';
  }

  void drop_through(std::size_t found, std::size_t size) {
    rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + size);
  }

  /// Comments of this kind nest.
  void drop_comment() {
    int depth = 0;
    do {
      if (rest_.starts_with("/*")) {
        ++depth;
        rest_.remove_prefix(2);
      } else if (rest_.starts_with("*/")) {
        --depth;
        rest_.remove_prefix(2);
      } else {
        rest_.remove_prefix(1);
      }
    } while (depth > 0 && !rest_.empty());
  }

  /// From its opening quote on. A doubled quote is one inside, and so is one after a backslash where `escapes`.
  void drop_string(bool escapes) {
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      if (escapes && rest_.front() == '\\') {
        rest_.remove_prefix(std::min<std::size_t>(2, rest_.size()));
      } else if (rest_.starts_with("''")) {
        rest_.remove_prefix(2);
      } else if (rest_.front() == '\'') {
        rest_.remove_prefix(1);
        return;
      } else {
        rest_.remove_prefix(1);
      }
    }
  }

  void keep_quoted_name() {
    const auto end = rest_.find('"', 1);
    keep(end == std::string_view::npos ? rest_.size() : end + 1);
  }

  /// $1 is a parameter, $tag$ begins a text that the same ends.
  void dollar() {
    std::size_t end = 1;
    while (end < rest_.size() && is_digit(rest_[end])) ++end;
    if (end > 1) return keep(end);
    while (end < rest_.size() && continues_name(rest_[end]) && rest_[end] != '$') ++end;
    if (end == rest_.size() || rest_[end] != '$') return keep(1);
    const auto tag = rest_.substr(0, end + 1);
    rest_.remove_prefix(tag.size());
    drop_through(rest_.find(tag), tag.size());
    out_ += '?';
  }

  /// With its exponent, in which alone a sign may stand.
  void drop_number() {
    char before = 0;
    while (!rest_.empty()) {
      const char byte = rest_.front();
      const bool sign = (byte == '+' || byte == '-') && (before == 'e' || before == 'E');
      if (!sign && !continues_name(byte) && byte != '.') break;
      before = byte;
      rest_.remove_prefix(1);
    }
    out_ += '?';
  }

  /// A name may be the prefix of a string: E'', B'', X'', N'', U&''.
  void name() {
    std::size_t end = 1;
    while (end < rest_.size() && continues_name(rest_[end])) ++end;
    const auto word = rest_.substr(0, end);
    keep(end);
    if (rest_.starts_with('\'') && (word == "E" || word == "e")) {
      drop_string(true);
      out_ += '?';
    }
  }

  std::string_view rest_;
  std::string out_;
};

}  // namespace

std::string strip_literals(std::string_view sql) {
  auto text = Stripper{sql}.run();
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace binnacle::pgpool
