// SPDX-License-Identifier: Apache-2.0
#include "http_response.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "text.h"

namespace binnacle {
namespace {

struct StatusName {
  int status;
  std::string_view name;
};
constexpr std::array<StatusName, 22> kStatusNames{{
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

constexpr std::array<std::string_view, 4> kOwnHeaders{"Content-Length", "Content-Type", "Connection", "Date"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// RFC 9110's date, in English whatever the locale is.
std::string http_date(std::time_t now) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char rest[32] = "";
  std::strftime(rest, sizeof rest, "%Y %H:%M:%S GMT", &utc);
  std::string day = utc.tm_mday < 10 ? "0" : "";
  day += std::to_string(utc.tm_mday);
  return std::string(kDays.at(static_cast<std::size_t>(utc.tm_wday))) + ", " + day + " " +
         kMonths.at(static_cast<std::size_t>(utc.tm_mon)) + " " + rest;
}

void append(std::string& head, std::string_view name, std::string_view value) {
  const auto bad = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  if (name.empty() || std::any_of(name.begin(), name.end(), bad) || std::any_of(value.begin(), value.end(), bad)) {
    throw std::runtime_error("response header " + quoted(name) + " has a line break");
  }
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool same_header(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_header(key, name)) return value;
  }
  return {};
}

std::string_view status_text(int status) {
  const auto* found = std::find_if(kStatusNames.begin(), kStatusNames.end(),
                                   [&](const StatusName& entry) { return entry.status == status; });
  return found == kStatusNames.end() ? "Status" : found->name;
}

HttpResponse plain_response(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  std::string body(text);
  if (body.empty()) body.append(std::to_string(status)).append(" ").append(status_text(status));
  body += '\n';
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

std::string response_head(const HttpResponse& response, const std::vector<std::pair<std::string, std::string>>& extra,
                          std::time_t now) {
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(status_text(response.status)).append("\r\n");
  append(head, "Date", http_date(now));
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless) {
    append(head, "Content-Type", response.content_type);
    append(head, "Content-Length", std::to_string(response.body ? response.body->size() : 0));
  }
  append(head, "Connection", "close");
  for (const auto& [name, value] : response.headers) {
    const bool own = std::any_of(kOwnHeaders.begin(), kOwnHeaders.end(),
                                 [&, &key = name](std::string_view header) { return same_header(header, key); });
    if (own) throw std::runtime_error("response header " + quoted(name) + " is the server's to set");
    append(head, name, value);
  }
  for (const auto& [name, value] : extra) {
    const bool given = std::any_of(response.headers.begin(), response.headers.end(),
                                   [&key = name](const auto& header) { return same_header(header.first, key); });
    if (!given) append(head, name, value);
  }
  head += "\r\n";
  return head;
}

}  // namespace binnacle
