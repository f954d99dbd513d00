// SPDX-License-Identifier: Apache-2.0
#include "litellm_prices.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "core/file.h"
#include "core/log.h"
#include "core/text.h"

namespace binnacle::gateway {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kDepthLimit = 64;
constexpr std::size_t kRowLimit = 100'000;
constexpr std::size_t kTierLimit = 16;
constexpr std::size_t kNameLimit = 256;
constexpr std::string_view kDocumentation = "sample_spec";

struct Field {
  std::string_view name;
  std::optional<TokenPrice> TokenPrices::*kind;
};
/// Of two that begin alike the longer one stands first.
constexpr std::array<Field, 6> kFields{{
    {"input_cost_per_token", &TokenPrices::input},
    {"output_cost_per_token", &TokenPrices::output},
    {"output_cost_per_reasoning_token", &TokenPrices::reasoning},
    {"cache_read_input_token_cost", &TokenPrices::cached_input},
    {"cache_creation_input_token_cost_above_1hr", &TokenPrices::cache_write_1h},
    {"cache_creation_input_token_cost", &TokenPrices::cache_write_5m},
}};

/// Endings of fields, and the service tiers as replies name them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kServices{{
    {"_batches", "batch"},
    {"_flex", "flex"},
    {"_priority", "priority"},
    {"_fast", "fast"},
    {"_ultrafast", "ultrafast"},
}};

/// Takes "_above_200k_tokens" off the front of `rest`: how many tokens that is.
std::optional<std::uint64_t> take_bound(std::string_view& rest) {
  constexpr std::string_view kBegin = "_above_";
  constexpr std::string_view kEnd = "_tokens";
  constexpr std::size_t kMostDigits = 9;
  if (!rest.starts_with(kBegin)) return std::nullopt;
  const auto end = rest.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  auto digits = rest.substr(kBegin.size(), end - kBegin.size());
  const bool thousands = digits.ends_with('k');
  if (thousands) digits.remove_suffix(1);
  const auto number = digits.size() <= kMostDigits ? to_u64(digits) : std::nullopt;
  if (!number) return std::nullopt;
  rest.remove_prefix(end + kEnd.size());
  return *number * (thousands ? 1000 : 1);
}

/// Where in a row a field's price belongs; null for what is no price of tokens.
std::optional<TokenPrice>* place_of(std::string_view name, PriceRow& row) {
  const auto* const field =
      std::find_if(kFields.begin(), kFields.end(), [&](const Field& one) { return name.starts_with(one.name); });
  if (field == kFields.end()) return nullptr;
  auto rest = name.substr(field->name.size());
  const auto bound = take_bound(rest);
  auto* set = &row.prices;
  if (!rest.empty()) {
    const auto* const service =
        std::find_if(kServices.begin(), kServices.end(), [&](const auto& one) { return one.first == rest; });
    if (service == kServices.end()) return nullptr;
    set = &row.services[std::string{service->second}];
  }
  // A name for it: GCC 12 takes the member of a copy where it is written as one expression.
  auto& prices = bound ? set->tier(*bound) : set->base;
  return &(prices.*(field->kind));
}

/// Whether any price there is, and whether any is not 0.
struct Told {
  bool price = false;
  bool money = false;
};
void look(const PriceSet& set, Told& told) {
  const auto look_at = [&](const TokenPrices& prices) {
    for (const auto kind : kTokenPrices) {
      told.price |= (prices.*kind).has_value();
      told.money |= (prices.*kind).value_or(0) > 0;
    }
  };
  look_at(set.base);
  for (const auto& tier : set.tiers) look_at(tier.prices);
}

bool too_many_tiers(const PriceRow& row) {
  return row.prices.tiers.size() > kTierLimit || std::any_of(row.services.begin(), row.services.end(), [](auto& one) {
           return one.second.tiers.size() > kTierLimit;
         });
}

/// Takes the parser's events, so that nothing but rows is ever made of the text.
class Reader {
 public:
  LitellmPrices take() && { return std::move(prices_); }
  [[nodiscard]] const std::string& error() const { return error_; }

  bool null() { return value(nullptr, false); }
  bool boolean(bool /*value*/) { return value(nullptr, true); }
  bool number_integer(Json::number_integer_t number) { return take_number(static_cast<double>(number)); }
  bool number_unsigned(Json::number_unsigned_t number) { return take_number(static_cast<double>(number)); }
  bool number_float(Json::number_float_t number, const std::string& /*text*/) { return take_number(number); }
  bool string(std::string& /*text*/) { return value(nullptr, true); }
  bool binary(Json::binary_t& /*bytes*/) { return value(nullptr, true); }

  bool start_object(std::size_t /*size*/) {
    if (depth_ == 1) {
      in_row_ = true;
      bad_ = false;
      row_ = {};
    } else if (depth_ > 1) {
      value(nullptr, true);
    }
    return enter();
  }
  bool key(std::string& name) {
    if (depth_ == 1) {
      name_ = std::move(name);
    } else if (depth_ == 2 && in_row_) {
      field_ = std::move(name);
    }
    return true;
  }
  bool end_object() {
    --depth_;
    if (depth_ != 1) return true;
    in_row_ = false;
    return end_row();
  }
  bool start_array(std::size_t /*size*/) { return value(nullptr, true) && enter(); }
  bool end_array() {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t at, const std::string& /*token*/, const Json::exception& /*error*/) {
    return fail("expected JSON; it is wrong at byte " + std::to_string(at));
  }

 private:
  bool fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
    return false;
  }
  bool enter() { return ++depth_ <= kDepthLimit || fail("expected at most 64 levels of JSON"); }

  bool take_number(double number) { return value(&number, true); }

  /// `number`: of those that are one; `there`: no null.
  bool value(const double* number, bool there) {
    if (depth_ == 0) return fail("expected a JSON object of models");
    if (depth_ == 1) {
      bad_ = true;
      row_ = {};
      return end_row();
    }
    if (depth_ != 2 || !in_row_) return true;
    auto* const place = place_of(field_, row_);
    if (place == nullptr) return true;
    *place = number == nullptr ? std::nullopt : token_price(*number);
    if ((there && !*place) || too_many_tiers(row_)) bad_ = true;
    return true;
  }

  bool end_row() {
    if (name_ == kDocumentation) return true;
    prices_.rows.erase(name_);
    if (bad_ || name_.size() > kNameLimit) {
      if (prices_.bad_rows++ == 0) prices_.first_bad = name_.substr(0, kNameLimit);
      return true;
    }
    Told told;
    look(row_.prices, told);
    for (const auto& service : row_.services) look(service.second, told);
    if (!told.price) return true;
    if (!told.money) {
      row_ = {};
      row_.unpriced = true;
    }
    prices_.rows.emplace(std::move(name_), std::move(row_));
    return prices_.rows.size() <= kRowLimit || fail("expected at most 100000 rows");
  }

  LitellmPrices prices_;
  std::string error_;
  std::size_t depth_ = 0;
  bool in_row_ = false;
  bool bad_ = false;  // the row
  std::string name_;
  std::string field_;
  PriceRow row_;
};

}  // namespace

LitellmPrices read_litellm(std::string_view text) {
  if (text.size() > kFileLimit) throw std::runtime_error("expected at most 16 MiB");
  Reader reader;
  if (!Json::sax_parse(text, &reader)) throw std::runtime_error(reader.error());
  return std::move(reader).take();
}

void PriceTable::add_litellm(const std::string& path, std::string_view text) {
  auto prices = read_litellm(text);
  if (prices.rows.empty()) throw std::runtime_error("expected prices as LiteLLM has them; there is not one");
  if (prices.bad_rows > 0) {
    log::warn(
        "rows of the price file are left out, since their prices are no numbers of 0 or more",
        {{"file", path}, {"rows", std::to_string(prices.bad_rows)}, {"first", binnacle::quoted(prices.first_bad)}});
  }
  file_.merge(prices.rows);
}

}  // namespace binnacle::gateway
