// SPDX-License-Identifier: Apache-2.0
#include "landing_page.h"

#include "version.h"

namespace binnacle {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

constexpr std::string_view kStyle =
    "body{font-family:sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #ddd}"
    ".failed,.timeout{color:#b00020;font-weight:bold}.not_applicable{color:#777}";

std::string link(const std::string& path, std::string_view what) {
  return "<li><a href=\"" + escaped(path) + "\">" + escaped(path) + "</a> " + std::string{what} + "</li>\n";
}

std::string rows(const ScrapeResult& results) {
  std::string out = "<table><tr><th>Target</th><th>Collector</th><th>State</th><th>Seconds</th></tr>\n";
  for (const auto& result : results) {
    const std::string state{state_name(result.state)};
    out += "<tr><td>" + (result.target.empty() ? "this host" : escaped(result.target)) + "</td><td>" +
           escaped(result.collector) + "</td><td class=\"" + state + "\">" + state + "</td><td>" +
           std::to_string(result.duration.count()) + "</td></tr>\n";
  }
  return out + "</table>\n";
}

}  // namespace

std::string landing_page(const ExporterInfo& info, const std::string& telemetry_path,
                         const std::vector<std::shared_ptr<Target>>& targets, const ScrapeResult* newest) {
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(info.name) +
                     "</title><style>" + std::string{kStyle} + "</style></head><body>\n<h1>" + escaped(info.name) +
                     "</h1>\n<p>" + escaped(info.description) + " Version " + std::string{version()} + " (" +
                     std::string{revision()} + ").</p>\n<ul>\n";
  html += link(telemetry_path, "all metrics; <code>?collect[]=</code> and <code>?exclude[]=</code> choose collectors");
  html += link("/health", "one word, for load balancers");
  html += link("/health/detailed", "each check with its value, threshold and score");
  html += "</ul>\n<h2>Targets</h2>\n";
  if (newest != nullptr) {
    html += rows(*newest);
  } else {
    html += "<p>" + std::to_string(targets.size()) + " configured; nothing was scraped yet.</p>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace binnacle
