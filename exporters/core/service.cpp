// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <algorithm>
#include <utility>

#include "landing_page.h"
#include "log.h"
#include "negotiation.h"
#include "process_metrics.h"
#include "query.h"
#include "strict_yaml.h"
#include "text.h"
#include "version.h"

namespace binnacle {

namespace {

using namespace std::chrono_literals;

/// What is left of Prometheus' own timeout for the way to it and back.
constexpr auto kNetworkMargin = 500ms;
/// Health is judged by a scrape of at most this age; probes more often than this cost nothing.
constexpr auto kHealthMaxAge = 10s;
constexpr auto kHealthTimeout = 3s;
/// In place of a target's name.
const std::string kAll;

HttpResponse respond(int status, std::string body, std::string content_type = "text/plain; charset=utf-8") {
  HttpResponse response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

std::string joined(const std::set<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Counts a scrape while it is under way.
class InFlight {
 public:
  explicit InFlight(std::atomic<int>& count) : count_(count), position_(++count) {}
  ~InFlight() { --count_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  [[nodiscard]] int position() const { return position_; }

 private:
  std::atomic<int>& count_;
  const int position_;
};

/// Collectors of one target that came into the same state with the same message.
struct Change {
  const CollectorResult* first;
  std::string collectors;
};

void log_change(const CollectorResult& result, const std::string& collectors) {
  const std::string target = result.target.empty() ? "default" : result.target;
  switch (result.state) {
    case CollectorState::ok:
      log::info("collector works again", {{"collector", collectors}, {"target", target}});
      break;
    case CollectorState::not_applicable:
      log::debug("collector has nothing to do here",
                 {{"collector", collectors}, {"target", target}, {"reason", result.message}});
      break;
    default:
      log::warn("collector failed", {{"collector", collectors},
                                     {"target", target},
                                     {"state", std::string{state_name(result.state)}},
                                     {"error", result.message}});
  }
}

/// min(the header of Prometheus less a margin, our own limit).
std::chrono::milliseconds timeout_of(const HttpRequest& request, std::chrono::milliseconds limit) {
  const auto seconds = to_double(trim(request.header("X-Prometheus-Scrape-Timeout-Seconds")));
  if (!seconds || !(*seconds > 0) || *seconds > 86'400) return limit;
  const auto given = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>{*seconds});
  return std::min(limit, std::max(given - kNetworkMargin, given / 2));
}

}  // namespace

Service::Service(Exporter& exporter, Settings settings)
    : exporter_(exporter),
      settings_(std::move(settings)),
      info_(exporter.info()),
      runner_({.stall = info_.stall, .series_cap = info_.series_cap}) {
  reload();
}

void Service::reload() {
  const std::scoped_lock reloading{reload_mutex_};
  try {
    auto config =
        settings_.config_file.empty() ? YamlMap::from_text("", "config") : YamlMap::from_file(settings_.config_file);
    auto rules = exporter_.health_rules();
    rules.push_back(up_rule());
    if (auto health = config.map("health")) rules = override_rules(std::move(rules), *health);
    const auto apply = exporter_.load(config);
    config.finish();
    const std::scoped_lock lock{mutex_};
    apply();
    rules_ = std::move(rules);
    reload_state_ = {true, std::chrono::system_clock::now()};
  } catch (...) {
    const std::scoped_lock lock{mutex_};
    reload_state_.successful = false;
    throw;
  }
}

std::vector<std::shared_ptr<Target>> Service::targets(const std::string& target) const {
  std::unique_lock lock{mutex_};
  auto chosen = exporter_.targets();
  lock.unlock();
  if (target == kAll) return chosen;
  std::erase_if(chosen, [&](const auto& one) { return (one->found_by.empty() ? one->name : one->found_by) != target; });
  return chosen;
}

std::vector<HealthRule> Service::rules() const {
  const std::scoped_lock lock{mutex_};
  return rules_;
}

HttpResponse Service::handle(const HttpRequest& request) {
  const auto& path = request.path;
  const std::string below = settings_.telemetry_path + "/";
  if (path == settings_.telemetry_path) return metrics(request);
  if (path.starts_with(below)) return collector_metrics(request, path.substr(below.size()));
  if (path == "/") return landing();
  if (path == "/probe") return probe(request);
  if (path == "/health") return health();
  if (path == "/health/live") return respond(200, "ok\n");
  if (path == "/health/ready") return ready();
  if (path == "/health/detailed") return health_detailed(request);
  if (path == "/-/reload") return reload_now(request);
  if (auto own = exporter_.handle(request)) return *std::move(own);
  return respond(404, "404 not found\n");
}

HttpResponse Service::metrics(const HttpRequest& request) {
  const auto parameters = parse_query(request.query);
  const auto collect = values_of(parameters, "collect[]");
  const auto exclude = values_of(parameters, "exclude[]");
  if (!collect.empty() && !exclude.empty()) {
    return respond(400, "collect[] and exclude[] exclude each other\n");
  }
  for (const auto& name : collect.empty() ? exclude : collect) {
    if (!settings_.enabled.contains(name)) {
      return respond(400,
                     "no collector " + quoted(name) + " is enabled; there are: " + joined(settings_.enabled) + "\n");
    }
  }
  if (collect.empty() && exclude.empty()) {
    return scrape_response(request, kAll, settings_.enabled, Scope::everything);
  }
  std::set<std::string> wanted{collect.begin(), collect.end()};
  if (collect.empty()) {
    wanted = settings_.enabled;
    for (const auto& name : exclude) wanted.erase(name);
  }
  return scrape_response(request, kAll, wanted, Scope::part);
}

HttpResponse Service::collector_metrics(const HttpRequest& request, const std::string& collector) {
  if (!settings_.enabled.contains(collector)) {
    return respond(404,
                   "no collector " + quoted(collector) + " is enabled; there are: " + joined(settings_.enabled) + "\n");
  }
  return scrape_response(request, kAll, {collector}, Scope::part);
}

HttpResponse Service::probe(const HttpRequest& request) {
  const auto names = values_of(parse_query(request.query), "target");
  if (names.size() != 1) return respond(400, "expected one ?target=NAME\n");
  const auto& name = names.front();
  if (name.empty() || targets(name).empty()) return respond(404, "no target " + quoted(name) + " in the config\n");
  return scrape_response(request, name, settings_.enabled, Scope::part);
}

HttpResponse Service::scrape_response(const HttpRequest& request, const std::string& target,
                                      const std::set<std::string>& collectors, Scope scope) {
  const InFlight scrape{scrapes_under_way_};
  if (settings_.max_requests > 0 && scrape.position() > settings_.max_requests) {
    return respond(503, "limit of concurrent requests reached (" + std::to_string(settings_.max_requests) +
                            "), try again later\n");
  }
  const auto results = run_scrape(target, collectors, Clock::now() + timeout_of(request, settings_.scrape_timeout));
  if (scope == Scope::everything) remember(*results);

  const auto& exposition = negotiate_exposition(request.header("Accept"));
  const bool gzipped = accepts_gzip(request.header("Accept-Encoding"));
  HttpResponse response;
  response.content_type = exposition.content_type();
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (gzipped) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = render(results, scope)->body(exposition, gzipped);
  return response;
}

std::shared_ptr<const ScrapeResult> Service::run_scrape(const std::string& target,
                                                        const std::set<std::string>& collectors,
                                                        Clock::time_point deadline) {
  const auto wants = [&](const std::string& name) { return collectors.contains(name); };
  const auto half_time = Clock::now() + (deadline - Clock::now()) / 2;
  const auto known = targets(target);
  auto results = runner_.scrape({known, wants, deadline});

  auto found = targets(target);
  std::erase_if(found, [&](const auto& one) {
    return std::any_of(known.begin(), known.end(), [&](const auto& other) { return other->name == one->name; });
  });
  // With less time than that a target might seem to be down that is not: it is read from the next scrape on.
  if (found.empty() || Clock::now() > half_time) return results;
  const auto more = runner_.scrape({found, wants, deadline});
  auto all = std::make_shared<ScrapeResult>(*results);
  all->insert(all->end(), more->begin(), more->end());
  return all;
}

std::shared_ptr<RenderedPage> Service::render(const std::shared_ptr<const ScrapeResult>& results, Scope scope) {
  const std::scoped_lock lock{mutex_};
  if (rendered_results_.lock() == results && rendered_scope_ == scope) {
    if (auto shared = rendered_.lock()) return shared;
  }
  note_states(*results);

  const auto& ns = info_.metric_namespace;
  const auto own_output = own_outputs_->take(Families::kDefaultSeriesCap, {});
  const std::shared_ptr<Families> own{own_output, &own_output->families};
  add_build_info(*own, ns);
  add_collector_metrics(*own, ns, *results);
  if (scope == Scope::everything) {
    forget_gone(*results);
    add_health_metrics(*own, ns, judge(rules_, *results));
    add_reload_metrics(*own, ns, reload_state_);
    if (settings_.exporter_metrics) add_process_metrics(*own);
  }

  // Ours stand first: no collector, and no file that one reads, can put itself in their place.
  std::vector<std::shared_ptr<const Families>> sources{own};
  std::vector<std::pair<std::string, std::string>> from{{"", "self"}};  // target and collector
  for (const auto& result : *results) {
    if (!result.output) continue;
    sources.emplace_back(result.output, &result.output->families);
    from.emplace_back(result.target, result.collector);
    if (const auto over_cap = result.output->families.dropped_over_cap()) {
      dropped_[{result.target, result.collector, "over_cap"}] += static_cast<double>(over_cap);
    }
  }
  std::vector<Dropped> dropped;
  Page page{sources, &dropped};
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto count = [&, &source = from[i]](const char* reason, std::size_t series) {
      if (series > 0) dropped_[{source.first, source.second, reason}] += static_cast<double>(series);
    };
    count("duplicate", dropped[i].duplicate);
    count("malformed", dropped[i].malformed);
  }
  if (!dropped_.empty()) {
    add_dropped_metrics(*own, ns, dropped_);
    page = Page{sources};
  }
  rendered_results_ = results;
  rendered_scope_ = scope;
  auto rendered = std::make_shared<RenderedPage>(std::move(page));
  rendered_ = rendered;
  return rendered;
}

/// One log line when collectors fail or recover, not one a scrape, and one for all that fail for the same reason.
void Service::note_states(const ScrapeResult& results) {
  std::vector<Change> changes;
  for (const auto& result : results) {
    auto& state = states_.try_emplace({result.target, result.collector}, CollectorState::ok).first->second;
    if (state == result.state) continue;
    state = result.state;
    const auto same = std::find_if(changes.begin(), changes.end(), [&](const auto& change) {
      return change.first->target == result.target && change.first->state == result.state &&
             change.first->message == result.message;
    });
    if (same == changes.end()) {
      changes.push_back({&result, result.collector});
    } else {
      same->collectors += "," + result.collector;
    }
  }
  for (const auto& change : changes) log_change(*change.first, change.collectors);
}

/// Targets come and go for as long as the process lives: what is kept by target goes with them.
void Service::forget_gone(const ScrapeResult& results) {
  std::set<std::string_view> there;
  for (const auto& result : results) there.insert(result.target);
  std::erase_if(states_, [&](const auto& one) { return !there.contains(one.first.first); });
  std::erase_if(dropped_, [&](const auto& one) {
    const auto& target = one.first.target;
    return !target.empty() && !there.contains(target);
  });
}

std::shared_ptr<const ScrapeResult> Service::remember(const ScrapeResult& results) {
  auto kept = std::make_shared<ScrapeResult>(results);
  for (auto& result : *kept) {
    if (!result.output) continue;
    auto facts = std::make_shared<Output>();
    facts->facts = result.output->facts;
    result.output = std::move(facts);
  }
  const std::scoped_lock lock{mutex_};
  newest_ = kept;
  newest_time_ = Clock::now();
  return kept;
}

std::shared_ptr<const ScrapeResult> Service::fresh_results() {
  {
    const std::scoped_lock lock{mutex_};
    if (newest_ && Clock::now() - newest_time_ < kHealthMaxAge) return newest_;
  }
  const auto limit = std::min<std::chrono::milliseconds>(kHealthTimeout, settings_.scrape_timeout);
  return remember(*run_scrape(kAll, settings_.enabled, Clock::now() + limit));
}

HttpResponse Service::health() {
  const auto report = judge(rules(), *fresh_results());
  const bool usable = report.status == HealthStatus::healthy || report.status == HealthStatus::degraded;
  return respond(usable ? 200 : 503, std::string{status_name(report.status)} + "\n");
}

HttpResponse Service::ready() {
  const std::scoped_lock lock{mutex_};
  const auto reason = exporter_.not_ready();
  return reason.empty() ? respond(200, "ok\n") : respond(503, reason + "\n");
}

HttpResponse Service::health_detailed(const HttpRequest& request) {
  const auto report = judge(rules(), *fresh_results());
  return respond(200, to_health_json(report, info_.name, version(), exporter_.health_details(request)),
                 "application/health+json");
}

HttpResponse Service::reload_now(const HttpRequest& request) {
  if (request.method != "POST") {
    auto response = respond(405, "expected POST\n");
    response.headers.emplace_back("Allow", "POST");
    return response;
  }
  try {
    reload();
    if (also_reload_) also_reload_();
    log::info("config reloaded", {{"by", "request"}});
    return respond(200, "config reloaded\n");
  } catch (const std::exception& error) {
    log::error("config not reloaded, the old one stays", {{"error", error.what()}});
    return respond(500, std::string{"config not reloaded, the old one stays: "} + error.what() + "\n");
  }
}

HttpResponse Service::landing() const {
  std::shared_ptr<const ScrapeResult> newest;
  {
    const std::scoped_lock lock{mutex_};
    newest = newest_;
  }
  return respond(200, landing_page(info_, settings_.telemetry_path, targets(kAll), newest.get()),
                 "text/html; charset=utf-8");
}

std::shared_ptr<const std::string> Service::once() {
  const auto results = run_scrape(kAll, settings_.enabled, Clock::now() + settings_.scrape_timeout);
  return render(results, Scope::everything)->body(text_exposition(), false);
}

}  // namespace binnacle
