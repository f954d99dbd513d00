// SPDX-License-Identifier: Apache-2.0
#include "os.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include "collectors.h"
#include "core/file.h"
#include "core/text.h"

namespace binnacle::system {

namespace {

using OsRelease = std::map<std::string, std::string, std::less<>>;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool is_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
}

/// A value without its quotes and backslashes.
std::string unquote(std::string_view value) {
  std::string text;
  char quote = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < value.size()) {
      text += value[++i];
    } else if (quote == 0 && c == '#' && (i == 0 || value[i - 1] == ' ')) {
      break;
    } else {
      text += c;
    }
  }
  return quote == 0 ? std::string{trim(text)} : text;
}

struct Label {
  std::string_view name;
  std::string_view key;
};

constexpr std::array kInfoLabels{
    Label{"build_id", "BUILD_ID"},
    Label{"id", "ID"},
    Label{"id_like", "ID_LIKE"},
    Label{"image_id", "IMAGE_ID"},
    Label{"image_version", "IMAGE_VERSION"},
    Label{"name", "NAME"},
    Label{"pretty_name", "PRETTY_NAME"},
    Label{"variant", "VARIANT"},
    Label{"variant_id", "VARIANT_ID"},
    Label{"version", "VERSION"},
    Label{"version_codename", "VERSION_CODENAME"},
    Label{"version_id", "VERSION_ID"},
};

class OsCollector final : public Collector {
 public:
  explicit OsCollector(const Paths& paths) : paths_(paths) {}

  void collect(const ScrapeContext& /*scrape*/, Output& out) override {
    const auto os = parse_os_release(read());
    const auto value = [&](std::string_view key) -> std::string_view {
      const auto found = os.find(key);
      return found == os.end() ? std::string_view{} : std::string_view{found->second};
    };

    std::array<LabelView, kInfoLabels.size()> labels;
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = {kInfoLabels[i].name, value(kInfoLabels[i].key)};
    out.families.gauge("node_os_info", "Always 1; the labels tell what /etc/os-release says of the distribution.")
        .add(labels, 1);

    if (const auto version = parse_os_version(value("VERSION_ID")); version && *version > 0) {
      out.families.gauge("node_os_version", "The distribution's version as major.minor, from /etc/os-release.")
          .add({{"id", value("ID")}, {"id_like", value("ID_LIKE")}, {"name", value("NAME")}}, *version);
    }
    if (const auto end = parse_date(value("SUPPORT_END"))) {
      out.families
          .gauge("node_os_support_end_timestamp_seconds",
                 "The day on which the distribution's support ends, in seconds since 1970, from /etc/os-release.")
          .add(*end);
    }
  }

 private:
  std::string_view read() {
    for (const auto* file : {"etc/os-release", "usr/lib/os-release"}) {
      if (const auto text = try_read_file(paths_.root(file), buffer_)) return *text;
    }
    throw NotApplicable("neither /etc/os-release nor /usr/lib/os-release is there");
  }

  const Paths& paths_;
  std::string buffer_;
};

}  // namespace

OsRelease parse_os_release(std::string_view text) {
  OsRelease os;
  while (const auto next = next_line(text)) {
    auto line = trim(*next);
    if (line.starts_with('#') || line.find('=') == std::string_view::npos) continue;
    const auto key = trim(take_until(line, '='));
    if (is_key(key)) os.insert_or_assign(std::string{key}, unquote(trim(line)));
  }
  if (os.empty()) throw std::runtime_error("os-release: no line of the form KEY=value");
  return os;
}

std::optional<double> parse_os_version(std::string_view version) {
  const auto digits = [&](std::size_t from) {
    while (from < version.size() && is_digit(version[from])) ++from;
    return from;
  };
  auto end = digits(0);
  if (end == 0) return std::nullopt;
  if (end + 1 < version.size() && version[end] == '.' && is_digit(version[end + 1])) end = digits(end + 1);
  return to_double(version.substr(0, end));
}

std::optional<double> parse_date(std::string_view date) {
  constexpr double kDay = 86'400;
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto year = to_u64(date.substr(0, 4));
  const auto month = to_u64(date.substr(5, 2));
  const auto day = to_u64(date.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day parsed{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
  if (!parsed.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days{parsed}.time_since_epoch().count()) * kDay;
}

std::unique_ptr<Collector> make_os(const Paths& paths) { return std::make_unique<OsCollector>(paths); }

}  // namespace binnacle::system
