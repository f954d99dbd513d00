// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "exporter.h"
#include "rendered_page.h"
#include "self_metrics.h"

namespace binnacle {

/// Answers every path of an exporter: from a request to a scrape to a response.
class Service {
 public:
  struct Settings {
    std::string telemetry_path = "/metrics";
    int max_requests = 40;  ///< scrapes at once; more are answered 503. 0 = no limit
    std::chrono::milliseconds scrape_timeout{10'000};
    bool exporter_metrics = true;   ///< process_* on /metrics
    std::set<std::string> enabled;  ///< collectors by name
    std::string config_file;        ///< empty: none
  };

  /// Loads the config. Throws ConfigError in one line.
  Service(Exporter& exporter, Settings settings);

  /// Never throws but on want of memory.
  HttpResponse handle(const HttpRequest& request);

  /// One scrape of everything, as text: what --once prints.
  std::shared_ptr<const std::string> once();

  /// Reads the config again. A bad one changes nothing: throws ConfigError, and the metric says so.
  void reload();

  /// Called with /-/reload and SIGHUP, after the config: for the web config.
  void on_reload(std::function<void()> also) { also_reload_ = std::move(also); }

 private:
  enum class Scope { everything, part };

  HttpResponse metrics(const HttpRequest& request);
  HttpResponse collector_metrics(const HttpRequest& request, const std::string& collector);
  HttpResponse probe(const HttpRequest& request);
  HttpResponse health();
  HttpResponse ready();
  HttpResponse health_detailed(const HttpRequest& request);
  HttpResponse reload_now(const HttpRequest& request);
  HttpResponse landing() const;

  HttpResponse scrape_response(const HttpRequest& request, const std::string& target,
                               const std::set<std::string>& collectors, Scope scope);
  std::shared_ptr<RenderedPage> render(const std::shared_ptr<const ScrapeResult>& results, Scope scope);
  void note_states(const ScrapeResult& results);
  void forget_gone(const ScrapeResult& results);
  std::shared_ptr<const ScrapeResult> remember(const ScrapeResult& results);
  /// The newest full scrape, or a new one where that is too old to judge health by.
  std::shared_ptr<const ScrapeResult> fresh_results();
  std::shared_ptr<const ScrapeResult> run_scrape(const std::string& target, const std::set<std::string>& collectors,
                                                 Clock::time_point deadline);
  /// All targets (kAll), or the one that the config names so, with those that it led to.
  std::vector<std::shared_ptr<Target>> targets(const std::string& target) const;
  std::vector<HealthRule> rules() const;

  Exporter& exporter_;  // targets() and what load() returned: guarded by mutex_
  const Settings settings_;
  const ExporterInfo info_;
  ScrapeRunner runner_;
  const std::shared_ptr<OutputPool> own_outputs_ = std::make_shared<OutputPool>();
  std::function<void()> also_reload_;
  std::atomic<int> scrapes_under_way_ = 0;

  std::mutex reload_mutex_;
  mutable std::mutex mutex_;  // guards all below
  std::vector<HealthRule> rules_;
  ReloadState reload_state_;
  DroppedTotals dropped_;
  std::map<std::pair<std::string, std::string>, CollectorState> states_;
  std::shared_ptr<const ScrapeResult> newest_;  // without the families: judging health needs facts and states
  Clock::time_point newest_time_;
  // Shared by scrapes under way, and gone with the last of them: a page is of no use to the next scrape.
  std::weak_ptr<const ScrapeResult> rendered_results_;
  Scope rendered_scope_ = Scope::everything;
  std::weak_ptr<RenderedPage> rendered_;
};

}  // namespace binnacle
