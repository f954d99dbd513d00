// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/buffer.hpp>
#include <span>

#include "asio.h"

namespace binnacle::gateway {

/// Writes what a non-blocking socket takes at once, which is nearly always all: that saves a turn of the loop, and a
/// timer. Returns how many bytes it took.
inline std::size_t write_now(Socket& socket, std::span<const asio::const_buffer> buffers, error_code& error) {
  const auto size = socket.write_some(buffers, error);
  if (error == asio::error::would_block || error == asio::error::try_again) error = {};
  return size;
}

}  // namespace binnacle::gateway
