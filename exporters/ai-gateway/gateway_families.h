// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/families.h"
#include "gateway_series.h"

namespace binnacle::gateway {

/// Attempts that end so, and streams, are shown from the start.
inline constexpr std::array kUsualFaults{Fault::none,         Fault::connect,    Fault::header_timeout,
                                         Fault::rate_limited, Fault::overloaded, Fault::server_error};

// Each adds the series of one part of GatewaySeries, so that nobody has to lock the whole of it.
void add_model_series(const std::string& model, const ModelSeries& counted, Families& families);
void add_target_series(const std::string& model, const std::string& upstream, const TargetSeries& counted,
                       Families& families);
void add_upstream_series(const std::string& upstream, const UpstreamSeries& counted, Families& families);
void add_fallback(const GatewaySeries::FallbackKey& key, const GatewaySeries::FallbackReasons& reasons,
                  Families& families);
/// What is of no model and no upstream.
void add_common_series(const GatewaySeries& counted, Families& families);

}  // namespace binnacle::gateway
