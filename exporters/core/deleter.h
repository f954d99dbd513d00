// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace binnacle {

/// Has a std::unique_ptr call a C library's function in the end: std::unique_ptr<SSL, Deleter<SSL_free>>.
template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

}  // namespace binnacle
