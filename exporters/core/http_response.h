// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_server.h"

namespace binnacle {

/// "Not Found" for 404; "Status" for a code that has no name here.
std::string_view status_text(int status);

/// A response whose body is its own name: "404 Not Found\n", or `text` and a newline.
HttpResponse plain_response(int status, std::string_view text = {});

/// The response's head, to the empty line: status, Date, Content-Type, Content-Length, Connection: close, then the
/// response's own headers and `extra` (which gives way to a header of the same name). Pure.
/// Throws std::runtime_error for a header with a line break, or one that the head has already.
std::string response_head(const HttpResponse& response, const std::vector<std::pair<std::string, std::string>>& extra,
                          std::time_t now);

/// Whether two header names are the same: ASCII letters compare without case.
bool same_header(std::string_view left, std::string_view right);

}  // namespace binnacle
