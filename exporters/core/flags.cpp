// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <utility>

#include "mask.h"
#include "text.h"

namespace binnacle {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view kDurationWanted = "a duration such as 500ms, 5s or 1m30s (at most 100y)";
constexpr std::size_t kHelpWidth = 90;

struct Unit {
  std::string_view name;
  std::uint64_t milliseconds;
};
constexpr std::array kUnits{
    Unit{"y", 31'536'000'000}, Unit{"w", 604'800'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
    Unit{"m", 60'000},         Unit{"s", 1000},        Unit{"ms", 1}};
constexpr std::uint64_t kLongestDuration = 100 * kUnits[0].milliseconds;

std::optional<milliseconds> to_duration(std::string_view text) {
  if (text == "0") return milliseconds{0};
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = to_u64(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto name = text.substr(0, letters);
    text.remove_prefix(letters);
    // Each unit once at most, the larger ones first.
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (!count || next_unit == kUnits.size()) return std::nullopt;
    const auto unit = kUnits[next_unit++].milliseconds;
    if (*count > kLongestDuration / unit) return std::nullopt;
    total += *count * unit;
    if (total > kLongestDuration) return std::nullopt;
  }
  return milliseconds{total};
}

std::string show(milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text = duration.count() < 0 ? "-" : "";
  auto rest = static_cast<std::uint64_t>(std::abs(duration.count()));
  for (const auto& unit : kUnits) {
    // Weeks and years make a default harder to read, not easier.
    if (unit.name == "y" || unit.name == "w" || rest < unit.milliseconds) continue;
    text += std::to_string(rest / unit.milliseconds) += unit.name;
    rest %= unit.milliseconds;
  }
  return text;
}

std::string joined(const std::vector<std::string>& texts, std::string_view separator) {
  std::string all;
  for (const auto& text : texts) {
    if (!all.empty()) all += separator;
    all += text;
  }
  return all;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto item = trim(take_until(text, ','));
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

std::string upper_snake(std::string_view text) {
  std::string upper;
  for (const char c : text) {
    upper += c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return upper;
}

/// Breaks `text` at blanks into lines of at most `width` bytes, each behind `indent`.
void append_wrapped(std::string& out, std::string_view text, std::string_view indent) {
  std::string line;
  while (true) {
    const auto word = next_field(text);
    if (!line.empty() && (word.empty() || indent.size() + line.size() + 1 + word.size() > kHelpWidth)) {
      out += indent;
      out += line;
      out += '\n';
      line.clear();
    }
    if (word.empty()) return;
    if (!line.empty()) line += ' ';
    line += word;
  }
}

}  // namespace

milliseconds parse_duration(std::string_view text) {
  if (const auto duration = to_duration(text)) return *duration;
  throw std::runtime_error("expected " + std::string{kDurationWanted} + ", got " + quoted(text));
}

struct Flags::State {
  enum class Kind { text, list, boolean };

  struct Flag {
    std::string name;
    std::string variable;
    Kind kind = Kind::text;
    std::string placeholder;    ///< what stands for the value in --help
    std::string default_value;  ///< as --help shows it; empty: none
    std::string help;
    std::string heading;
    std::string wanted;  ///< follows "expected " in messages
    /// Takes the values over; false when one is not what was wanted (only the last is looked at but for lists).
    std::function<bool(const std::vector<std::string>&)> assign;
    CLI::Option* option = nullptr;
    bool given = false;
  };

  std::string program;
  std::string description;
  std::string version;
  std::string prefix;
  std::string heading = "Flags";
  CLI::App app;
  std::vector<Flag> flags;
  CLI::Option* help_flag = nullptr;
  CLI::Option* version_flag = nullptr;

  void add(Flag flag);
  const Flag* find(std::string_view name) const;
  std::vector<std::string> prepare(int argc, const char* const* argv) const;
  void read_command_line(std::vector<std::string> arguments);
  [[noreturn]] void refuse(const std::string& argument) const;
  void apply(Flag& flag) const;
  std::string help_text() const;
};

void Flags::State::add(Flag flag) {
  flag.heading = heading;
  flag.variable = prefix + upper_snake(flag.name);
  if (flag.kind == Kind::boolean) {
    flag.option = app.add_flag("--" + flag.name + ",!--no-" + flag.name);
  } else {
    flag.option = app.add_option("--" + flag.name)->expected(1);
  }
  flag.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  flags.push_back(std::move(flag));
}

const Flags::State::Flag* Flags::State::find(std::string_view name) const {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

/// The arguments as CLI11 needs them. It takes `--name=` to be `--name`, whose value is then the next argument, and a
/// boolean's empty or negated value to be true.
std::vector<std::string> Flags::State::prepare(int argc, const char* const* argv) const {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    arguments.push_back(argument);
    if (!argument.starts_with("--")) continue;
    const auto equals = argument.find('=');
    const bool has_value = equals != std::string::npos;
    const auto name = argument.substr(2, has_value ? equals - 2 : equals);
    const Flag* flag = find(name);
    if (flag == nullptr && has_value && name.starts_with("no-")) {
      const Flag* negated = find(std::string_view{name}.substr(3));
      if (negated != nullptr && negated->kind == Kind::boolean) {
        throw std::runtime_error("--" + name + ": expected no value");
      }
    }
    if (flag == nullptr) continue;
    const bool empty_value = has_value && equals + 1 == argument.size();
    if (flag->kind == Kind::boolean) {
      if (empty_value) throw std::runtime_error("--" + name + ": expected " + flag->wanted + ", got \"\"");
    } else if (empty_value) {
      arguments.back() = "--" + name;
      arguments.emplace_back();
    } else if (!has_value) {
      if (i + 1 == argc) throw std::runtime_error("--" + name + ": expected " + flag->wanted + ", got nothing");
      arguments.emplace_back(argv[++i]);
    }
  }
  return arguments;
}

void Flags::State::refuse(const std::string& argument) const {
  const std::string name = argument.substr(0, argument.find('='));
  const bool one_dash = name.size() > 2 && name[0] == '-' && name[1] != '-';
  if (one_dash && find(std::string_view{name}.substr(1)) != nullptr) {
    throw std::runtime_error("unknown flag " + name + ", did you mean -" + name + "? (see --help)");
  }
  if (name.size() > 1 && name[0] == '-' && name != "--") {
    const auto shown = binnacle::quoted(mask_secrets(name));
    throw std::runtime_error("unknown flag " + shown.substr(1, shown.size() - 2) + " (see --help)");
  }
  throw std::runtime_error("unexpected argument " + binnacle::quoted(mask_secrets(argument)) +
                           ": flags only (see --help)");
}

void Flags::State::read_command_line(std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the end
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    throw std::runtime_error(mask_secrets(error.what()));
  }
}

void Flags::State::apply(Flag& flag) const {
  std::string source = "--" + flag.name;
  std::vector<std::string> values = flag.option->results();
  if (values.size() > 1 && flag.kind != Kind::list) throw std::runtime_error(source + ": given more than once");
  if (values.empty()) {
    const char* variable = std::getenv(flag.variable.c_str());
    if (variable == nullptr || *variable == '\0') return;
    source = flag.variable;
    values = flag.kind == Kind::list ? split_list(variable) : std::vector<std::string>{variable};
  }
  if (!flag.assign(values)) {
    throw std::runtime_error(source + ": expected " + flag.wanted + ", got " +
                             binnacle::quoted(mask_secrets(values.back())));
  }
  flag.given = true;
}

std::string Flags::State::help_text() const {
  constexpr std::string_view kIndent = "      ";
  std::string out;
  append_wrapped(out, program + ": " + description, "");
  out += "\nUsage: " + program + " [flags]\n\n";
  append_wrapped(
      out,
      "Each flag can be set in the environment too, by the name in brackets; the command line wins. Lists are "
      "separated by commas there.",
      "");
  std::string last_heading;
  for (const auto& flag : flags) {
    if (flag.heading != last_heading) out += "\n" + flag.heading + ":\n";
    last_heading = flag.heading;
    out += flag.kind == Kind::boolean ? "  --[no-]" + flag.name : "  --" + flag.name + "=" + flag.placeholder;
    out += flag.kind == Kind::list ? " ...\n" : "\n";
    append_wrapped(out, flag.help, kIndent);
    append_wrapped(out,
                   (flag.default_value.empty() ? "" : "Default: " + flag.default_value) + " [" + flag.variable + "]",
                   kIndent);
  }
  out += "\nOther:\n  -h, --help\n      Show this text.\n  --version\n      Show the version.\n";
  return out;
}

Flags::Flags(std::string program, std::string description, std::string version) : state_(std::make_unique<State>()) {
  state_->prefix = upper_snake(program) + "_";
  state_->program = std::move(program);
  state_->description = std::move(description);
  state_->version = std::move(version);
  state_->app.set_help_flag();
  state_->app.allow_extras();
  state_->help_flag = state_->app.add_flag("-h,--help");
  state_->version_flag = state_->app.add_flag("--version");
  for (auto* flag : {state_->help_flag, state_->version_flag}) {
    flag->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

Flags::~Flags() = default;

void Flags::add(const std::string& name, std::string& value, const std::string& help) {
  State::Flag flag;
  flag.name = name;
  flag.placeholder = "TEXT";
  flag.default_value = value;
  flag.help = help;
  flag.wanted = "a value";
  flag.assign = [&value](const auto& values) {
    value = values.back();
    return true;
  };
  state_->add(std::move(flag));
}

void Flags::add(const std::string& name, std::vector<std::string>& values, const std::string& help) {
  State::Flag flag;
  flag.name = name;
  flag.kind = State::Kind::list;
  flag.placeholder = "TEXT";
  flag.default_value = joined(values, ", ");
  flag.help = help;
  flag.wanted = "a value";
  flag.assign = [&values](const auto& given) {
    values = given;
    return true;
  };
  state_->add(std::move(flag));
}

void Flags::add(const std::string& name, bool& value, const std::string& help) {
  State::Flag flag;
  flag.name = name;
  flag.kind = State::Kind::boolean;
  flag.default_value = value ? "true" : "false";
  flag.help = help;
  flag.wanted = "true or false";
  flag.assign = [&value](const auto& values) {
    const auto& text = values.back();
    value = text == "true" || text == "1";
    return value || text == "false" || text == "0";
  };
  state_->add(std::move(flag));
}

void Flags::add(const std::string& name, int& value, int least, int most, const std::string& help) {
  State::Flag flag;
  flag.name = name;
  flag.placeholder = "NUMBER";
  flag.default_value = std::to_string(value);
  flag.help = help;
  flag.wanted = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  flag.assign = [&value, least, most](const auto& values) {
    const auto number = to_i64(values.back());
    if (!number || *number < least || *number > most) return false;
    value = static_cast<int>(*number);
    return true;
  };
  state_->add(std::move(flag));
}

void Flags::add(const std::string& name, milliseconds& value, const std::string& help) {
  State::Flag flag;
  flag.name = name;
  flag.placeholder = "DURATION";
  flag.default_value = show(value);
  flag.help = help;
  flag.wanted = kDurationWanted;
  flag.assign = [&value](const auto& values) {
    const auto duration = to_duration(values.back());
    if (duration) value = *duration;
    return duration.has_value();
  };
  state_->add(std::move(flag));
}

void Flags::add_choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
                       const std::string& help) {
  State::Flag flag;
  flag.name = name;
  flag.placeholder = joined(choices, "|");
  flag.default_value = value;
  flag.help = help;
  flag.wanted = "one of " + joined(choices, ", ");
  flag.assign = [&value, choices](const auto& values) {
    if (std::find(choices.begin(), choices.end(), values.back()) == choices.end()) return false;
    value = values.back();
    return true;
  };
  state_->add(std::move(flag));
}

void Flags::group(const std::string& heading) { state_->heading = heading; }

bool Flags::given(const std::string& name) const {
  const auto* flag = state_->find(name);
  if (flag == nullptr) throw std::logic_error("no flag --" + name);
  return flag->given;
}

void Flags::parse(int argc, const char* const* argv) {
  auto& state = *state_;
  state.read_command_line(state.prepare(argc, argv));
  if (state.help_flag->count() > 0) throw FlagsDone{state.help_text()};
  if (state.version_flag->count() > 0) throw FlagsDone{state.version + "\n"};
  // Never a complaint about a variable that no flag has: Kubernetes adds ones of its own for a service of our name.
  const auto extra = state.app.remaining();
  if (!extra.empty()) state.refuse(extra.front());
  for (auto& flag : state.flags) state.apply(flag);
}

}  // namespace binnacle
