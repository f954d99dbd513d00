// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "core/duration_histogram.h"
#include "core/families.h"
#include "gateway_metrics.h"

namespace binnacle::gateway {

/// OpenTelemetry's names for an operation and a provider, by its semantic conventions for generative AI. Nothing for an
/// operation that has none.
std::optional<std::string_view> otel_operation(Operation operation);
std::string_view otel_provider(std::string_view dialect);

/// The gen_ai_* histograms as OpenTelemetry's exporters for Prometheus would write them, with its official bounds.
/// Not safe to use from several threads at once; references and iterators stay good.
class OtelMetrics {
 public:
  static constexpr std::array kTokenBounds{1.0,     4.0,     16.0,     64.0,      256.0,     1024.0,     4096.0,
                                           16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0};
  static constexpr std::array kDurationBounds{0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                              1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
  static constexpr std::array kFirstTokenBounds{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,
                                                0.25,  0.5,   0.75, 1.0,  2.5,  5.0,  7.5,  10.0};
  static constexpr std::array kOutputTokenBounds{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2,
                                                 0.3,  0.4,   0.5,  0.75,  1.0, 2.5};
  /// Sets of labels; what would be a new one counts as the model "other".
  static constexpr std::size_t kMostSets = 2'000;

  struct Key {
    std::string_view operation;  ///< a literal, as is the provider
    std::string_view provider;
    std::string model;
  };
  struct KeyView {
    std::string_view operation;
    std::string_view provider;
    std::string_view model;
  };
  /// Compares both, so that looking one up makes no string.
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::tuple<std::string_view, std::string_view, std::string_view>{a.model, a.operation, a.provider} <
             std::tuple<std::string_view, std::string_view, std::string_view>{b.model, b.operation, b.provider};
    }
  };
  struct Durations {
    DurationHistogram client{kDurationBounds};
    DurationHistogram server{kDurationBounds};
  };
  struct Set {
    // A count of tokens is a duration in all but its unit.
    DurationHistogram input{kTokenBounds};
    DurationHistogram output{kTokenBounds};
    DurationHistogram first_token{kFirstTokenBounds};
    DurationHistogram per_output_token{kOutputTokenBounds};
    std::map<Outcome, Durations> durations;
  };

  void record(const RequestRecord& record);
  static void collect(const Key& key, const Set& set, Families& families);
  [[nodiscard]] const std::map<Key, Set, Less>& sets() const { return sets_; }

 private:
  Set& set_of(const RequestRecord& record, std::string_view operation);
  std::map<Key, Set, Less> sets_;
};

}  // namespace binnacle::gateway
