// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <latch>
#include <mutex>
#include <thread>

#include "captured_stderr.h"
#include "strict_yaml.h"

using namespace std::chrono_literals;
using namespace binnacle;

namespace {

using Work = std::function<void(const ScrapeContext&, Output&)>;

class Lambda final : public Collector {
 public:
  explicit Lambda(Work work) : work_(std::move(work)) {}
  void collect(const ScrapeContext& scrape, Output& out) override { work_(scrape, out); }

 private:
  Work work_;
};

/// An exporter with two collectors on one target without a name, and one on a named target.
class FakeExporter final : public Exporter {
 public:
  Work first = [](const ScrapeContext&, Output& out) {
    out.families.gauge("first_value", "First.").add(1);
    out.fact("used", 0.1);
  };
  Work second = [](const ScrapeContext&, Output& out) { out.families.gauge("second_value", "Second.").add(2); };
  int loads = 0;
  std::string up_collector;

  [[nodiscard]] ExporterInfo info() const override { return {"fake-exporter", "For <tests>.", "fake", ":0"}; }
  [[nodiscard]] std::vector<CollectorKind> collectors() const override {
    return {{"first", true, ""}, {"second", true, ""}};
  }
  [[nodiscard]] std::vector<HealthRule> health_rules() const override { return {{"used", "first", 0.5, 0.9, 1}}; }
  std::function<void()> load(YamlMap& config) override {
    static_cast<void>(config.text("known"));
    return [this] { ++loads; };
  }
  std::vector<std::shared_ptr<Target>> targets() override {
    host_->up_collector = up_collector;
    std::vector<std::shared_ptr<Target>> all{host_, db_};
    const std::scoped_lock lock{mutex_};
    all.insert(all.end(), found_.begin(), found_.end());
    return all;
  }
  /// As a collector does that learns of more targets.
  void find(const std::string& name, Work work) {
    const std::scoped_lock lock{mutex_};
    found_.push_back(target(name, {{"first", std::make_shared<Lambda>(std::move(work))}}));
    found_.back()->found_by = "db";
  }
  void lose_found() {
    const std::scoped_lock lock{mutex_};
    found_.clear();
  }
  void make_unready(const std::string& reason) { not_ready_ = reason; }
  std::string not_ready() override { return not_ready_; }
  std::map<std::string, std::string> health_details(const HttpRequest& request) override {
    if (request.query != "more") return {};
    return {{"more", "[1, 2]"}};
  }
  std::optional<HttpResponse> handle(const HttpRequest& request) override {
    if (request.path != "/own") return std::nullopt;
    HttpResponse response;
    response.status = 202;
    return response;
  }

 private:
  static std::shared_ptr<Target> target(const std::string& name, std::vector<Target::Entry> collectors) {
    auto made = std::make_shared<Target>();
    made->name = name;
    made->collectors = std::move(collectors);
    return made;
  }
  static std::shared_ptr<Target> make_db() {
    auto db = target("db", {{"second", std::make_shared<Lambda>([](const auto&, auto& out) {
                               out.families.gauge("db_value", "Of the database.").add(3);
                             })}});
    db->metric_namespace = "bouncer";
    return db;
  }

  const std::shared_ptr<Target> host_ = target(
      "", {{"first", std::make_shared<Lambda>([this](const auto& scrape, auto& out) { first(scrape, out); })},
           {"second", std::make_shared<Lambda>([this](const auto& scrape, auto& out) { second(scrape, out); })}});
  const std::shared_ptr<Target> db_ = make_db();
  std::mutex mutex_;
  std::vector<std::shared_ptr<Target>> found_;
  std::string not_ready_;
};

Service::Settings settings() {
  Service::Settings made;
  made.enabled = {"first", "second"};
  made.exporter_metrics = false;
  return made;
}

HttpRequest get(const std::string& path, const std::string& query = "") {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.query = query;
  return request;
}

bool has(const HttpResponse& response, std::string_view line) { return response.body->find(line) != std::string::npos; }

}  // namespace

TEST_CASE("/metrics has the collectors' families and the exporter's own", "[service]") {
  FakeExporter exporter;
  Service service{exporter, settings()};
  const auto response = service.handle(get("/metrics"));
  CHECK(response.status == 200);
  CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line :
       {"first_value 1\n", "second_value 2\n", "db_value{target=\"db\"} 3\n", "fake_up 1\n",
        "bouncer_up{target=\"db\"} 1\n", "fake_scrape_collector_success{collector=\"first\"} 1\n",
        "fake_scrape_collector_success{target=\"db\",collector=\"second\"} 1\n",
        "fake_scrape_collector_state{collector=\"first\",state=\"ok\"} 1\n", "fake_health_score 100\n",
        "fake_health_status{status=\"healthy\"} 1\n", "fake_config_last_reload_successful 1\n"}) {
    INFO(line);
    CHECK(has(response, line));
  }
  CHECK(service.once()->find("first_value 1\n") != std::string::npos);
}

TEST_CASE("filters choose collectors, and name those there are when they are wrong", "[service]") {
  FakeExporter exporter;
  Service service{exporter, settings()};
  auto response = service.handle(get("/metrics", "collect[]=first"));
  CHECK(has(response, "first_value"));
  CHECK_FALSE(has(response, "second_value"));
  CHECK_FALSE(has(response, "fake_health_score"));
  response = service.handle(get("/metrics", "exclude[]=first"));
  CHECK_FALSE(has(response, "first_value"));
  CHECK(has(response, "second_value"));
  CHECK(service.handle(get("/metrics", "collect[]=first&exclude[]=second")).status == 400);
  response = service.handle(get("/metrics", "collect[]=nope"));
  CHECK(response.status == 400);
  CHECK(has(response, "there are: first, second"));
  CHECK(has(service.handle(get("/metrics/second")), "second_value"));
  CHECK(service.handle(get("/metrics/nope")).status == 404);
}

TEST_CASE("paths are exact; an exporter may have its own", "[service]") {
  FakeExporter exporter;
  Service service{exporter, settings()};
  CHECK(service.handle(get("/metricsfoo")).status == 404);
  CHECK(service.handle(get("/nope")).status == 404);
  CHECK(service.handle(get("/own")).status == 202);
  CHECK(service.handle(get("/health/live")).status == 200);
  CHECK(service.handle(get("/health/ready")).status == 200);
  const auto landing = service.handle(get("/"));
  CHECK(landing.content_type == "text/html; charset=utf-8");
  CHECK(has(landing, "For &lt;tests&gt;."));
}

TEST_CASE("an exporter may say that it is not ready, and is alive all the same", "[service]") {
  FakeExporter exporter;
  Service service{exporter, settings()};
  exporter.make_unready("open: pay");
  CHECK(service.handle(get("/health/ready")).status == 503);
  CHECK(has(service.handle(get("/health/ready")), "open: pay\n"));
  CHECK(service.handle(get("/health/live")).status == 200);
  exporter.make_unready("");
  CHECK(service.handle(get("/health/ready")).status == 200);
}

TEST_CASE("/probe takes only the names of targets", "[service]") {
  FakeExporter exporter;
  Service service{exporter, settings()};
  const auto response = service.handle(get("/probe", "target=db"));
  CHECK(has(response, "db_value{target=\"db\"} 3"));
  CHECK_FALSE(has(response, "first_value"));
  CHECK(service.handle(get("/probe", "target=host.example:5432")).status == 404);
  CHECK(service.handle(get("/probe", "target=")).status == 404);
  CHECK(service.handle(get("/probe")).status == 400);
  CHECK(service.handle(get("/probe", "target=db&target=db")).status == 400);
}

TEST_CASE("targets that a scrape finds are part of it, and of the probe that led to them", "[service]") {
  FakeExporter exporter;
  std::once_flag found;
  exporter.first = [&](const ScrapeContext&, Output&) {
    std::call_once(found, [&] {
      exporter.find("db/2", [](const auto&, auto& out) { out.families.gauge("node_value", "Of a node.").add(4); });
    });
  };
  Service service{exporter, settings()};
  const auto* const line = "node_value{target=\"db/2\"} 4\n";
  for (const auto* when : {"the scrape that finds it", "a later one"}) {
    INFO(when);
    const auto response = service.handle(get("/metrics"));
    CHECK(has(response, line));
    CHECK(has(response, "db_value{target=\"db\"} 3\n"));
    CHECK(has(response, "fake_up{target=\"db/2\"} 1\n"));
  }
  CHECK(service.once()->find(line) != std::string::npos);
  CHECK(has(service.handle(get("/")), "db/2"));
  CHECK(has(service.handle(get("/health/detailed")), "db/2"));
  const auto probed = service.handle(get("/probe", "target=db"));
  CHECK(has(probed, line));
  CHECK(has(probed, "db_value{target=\"db\"} 3\n"));
  CHECK_FALSE(has(probed, "fake_up 1\n"));
  CHECK(service.handle(get("/probe", "target=db/2")).status == 404);
  exporter.lose_found();
  CHECK_FALSE(has(service.handle(get("/metrics")), "db/2"));
}

TEST_CASE("a target that is found late in a scrape is read from the next one on", "[service]") {
  FakeExporter exporter;
  std::once_flag found;
  exporter.first = [&](const ScrapeContext& scrape, Output&) {
    std::call_once(found, [&] {
      exporter.find("db/2", [](const auto&, auto& out) { out.families.gauge("node_value", "Of a node.").add(4); });
      std::this_thread::sleep_until(scrape.deadline - 100ms);
    });
  };
  auto limited = settings();
  limited.scrape_timeout = 1s;
  Service service{exporter, limited};
  CHECK_FALSE(has(service.handle(get("/metrics")), "db/2"));
  CHECK(has(service.handle(get("/metrics")), "node_value{target=\"db/2\"} 4\n"));
}

TEST_CASE("what is known of a target goes with it", "[service]") {
  FakeExporter exporter;
  const auto work = [](const auto&, auto& out) {
    out.families.gauge("bad name", "Bad.").add(1);
    out.families.gauge("node_value", "Of a node.").add(4);
  };
  exporter.find("db/2", work);
  Service service{exporter, settings()};
  const auto* const dropped =
      "fake_scrape_series_dropped_total{target=\"db/2\",collector=\"first\",reason=\"malformed\"}";
  CHECK(has(service.handle(get("/metrics")), std::string{dropped} + " 1\n"));
  exporter.lose_found();
  CHECK_FALSE(has(service.handle(get("/metrics")), "db/2"));
  exporter.find("db/2", work);
  CHECK(has(service.handle(get("/metrics")), std::string{dropped} + " 1\n"));
}

TEST_CASE("a failing collector fails alone, and fake_up stays 1 while another works", "[service]") {
  FakeExporter exporter;
  exporter.first = [](const ScrapeContext&, Output&) { throw std::runtime_error("no"); };
  Service service{exporter, settings()};
  const auto response = service.handle(get("/metrics"));
  CHECK(response.status == 200);
  CHECK(has(response, "fake_scrape_collector_success{collector=\"first\"} 0\n"));
  CHECK(has(response, "fake_scrape_collector_state{collector=\"first\",state=\"failed\"} 1\n"));
  CHECK(has(response, "second_value 2"));
  CHECK(has(response, "fake_up 1\n"));
  CHECK(has(response, "fake_health_status{status=\"unknown\"} 1\n"));
  CHECK_FALSE(has(response, "fake_health_score"));
  CHECK(service.handle(get("/health")).status == 503);
}

TEST_CASE("collectors that fail for the same reason are one log line, once", "[service]") {
  FakeExporter exporter;
  exporter.first = exporter.second = [](const ScrapeContext&, Output&) { throw std::runtime_error("no server"); };
  Service service{exporter, settings()};
  const binnacle::CapturedStderr captured;
  service.handle(get("/metrics"));
  service.handle(get("/metrics"));
  exporter.second = [](const ScrapeContext&, Output&) { throw std::runtime_error("no right"); };
  service.handle(get("/metrics"));
  exporter.first = exporter.second = [](const ScrapeContext&, Output&) {};
  service.handle(get("/metrics"));
  const auto lines = captured.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("collector=first,second") != std::string::npos);
  CHECK(lines[0].find("no server") != std::string::npos);
  CHECK(lines[1].find("msg=\"collector works again\" collector=first,second") != std::string::npos);
}

TEST_CASE("a target is up when its deciding collector works, where it has one that ran", "[service]") {
  FakeExporter exporter;
  exporter.first = [](const ScrapeContext&, Output&) { throw std::runtime_error("no"); };
  const auto up = [&](const std::string& collector, const std::string& path) {
    exporter.up_collector = collector;
    Service service{exporter, settings()};
    return has(service.handle(get(path)), "fake_up 1\n");
  };
  CHECK_FALSE(up("first", "/metrics"));
  CHECK(up("second", "/metrics"));
  CHECK(up("first", "/metrics/second"));
}

TEST_CASE("all collectors failing is fake_up 0, and still 200", "[service]") {
  FakeExporter exporter;
  exporter.first = exporter.second = [](const ScrapeContext&, Output&) { throw std::runtime_error("no"); };
  Service service{exporter, settings()};
  const auto response = service.handle(get("/metrics", "exclude[]=none"));
  CHECK(response.status == 400);
  CHECK(has(service.handle(get("/metrics/first")), "fake_up 0\n"));
}

TEST_CASE("health follows the facts", "[service]") {
  FakeExporter exporter;
  exporter.first = [](const ScrapeContext&, Output& out) { out.fact("used", 0.95); };
  Service service{exporter, settings()};
  const auto response = service.handle(get("/health"));
  CHECK(response.status == 503);
  CHECK(*response.body == "unhealthy\n");
  const auto detailed = service.handle(get("/health/detailed"));
  CHECK_FALSE(has(detailed, "\"more\""));
  CHECK(has(service.handle(get("/health/detailed", "more")), "\"more\": [\n    1,\n    2\n  ]"));
  CHECK(detailed.status == 200);
  CHECK(detailed.content_type == "application/health+json");
  CHECK(has(detailed, "\"observedValue\": 0.95"));
}

TEST_CASE("no collector can take the place of a self metric; drops are counted", "[service]") {
  FakeExporter exporter;
  exporter.first = [](const ScrapeContext&, Output& out) {
    out.families.gauge("fake_up", "Not so.").add(0);
    out.families.gauge("twice", "Twice.").add(1);
    out.families.gauge("twice", "Twice.").add(2);
    out.families.gauge("bad name", "Bad.").add(2);
  };
  Service service{exporter, settings()};
  auto response = service.handle(get("/metrics"));
  CHECK(has(response, "fake_up 1\n"));
  CHECK(has(response, "twice 1\n"));
  CHECK(has(response, "fake_scrape_series_dropped_total{collector=\"first\",reason=\"duplicate\"} 2\n"));
  CHECK(has(response, "fake_scrape_series_dropped_total{collector=\"first\",reason=\"malformed\"} 1\n"));
  response = service.handle(get("/metrics"));
  CHECK(has(response, "fake_scrape_series_dropped_total{collector=\"first\",reason=\"duplicate\"} 4\n"));
}

TEST_CASE("the deadline is Prometheus' own less a margin, or our limit", "[service]") {
  Clock::duration left{};
  FakeExporter exporter;
  exporter.first = [&](const ScrapeContext& scrape, Output&) { left = scrape.deadline - Clock::now(); };
  auto limited = settings();
  limited.scrape_timeout = 20s;
  Service service{exporter, limited};
  const auto deadline_for = [&](const std::string& header) {
    auto request = get("/metrics/first");
    request.headers.emplace_back("X-Prometheus-Scrape-Timeout-Seconds", header);
    service.handle(request);
    return std::chrono::duration<double>(left).count();
  };
  CHECK(deadline_for("10") == Approx(9.5).margin(0.4));
  CHECK(deadline_for("0.6") == Approx(0.3).margin(0.2));
  for (const auto* nonsense : {"", "abc", "-3", "nan", "inf", "1e99", "0"}) {
    INFO(nonsense);
    CHECK(deadline_for(nonsense) == Approx(20).margin(0.4));
  }
  CHECK(deadline_for("100") == Approx(20).margin(0.4));
}

TEST_CASE("scrapes beyond the limit are refused while the others go on", "[service]") {
  std::latch inside{1};
  std::latch release{1};
  FakeExporter exporter;
  exporter.first = [&](const ScrapeContext&, Output&) {
    inside.count_down();
    release.wait();
  };
  auto limited = settings();
  limited.max_requests = 1;
  Service service{exporter, limited};
  HttpResponse first;
  std::thread scraper{[&] { first = service.handle(get("/metrics/first")); }};
  inside.wait();
  CHECK(service.handle(get("/metrics/second")).status == 503);
  CHECK(service.handle(get("/health/live")).status == 200);
  release.count_down();
  scraper.join();
  CHECK(first.status == 200);
  CHECK(service.handle(get("/metrics/second")).status == 200);
}

TEST_CASE("a reload takes a good config, and keeps the old one when it is bad", "[service]") {
  const std::string path = "service_test_config.yml";
  const auto write = [&](const std::string& text) { std::ofstream{path} << text; };
  write("known: x\nhealth: {used: {warn: 0.05, critical: 0.5}}\n");
  FakeExporter exporter;
  auto with_config = settings();
  with_config.config_file = path;
  Service service{exporter, with_config};
  CHECK(exporter.loads == 1);
  CHECK(has(service.handle(get("/metrics")), "fake_health_status{status=\"degraded\"} 1\n"));

  auto reload = get("/-/reload");
  CHECK(service.handle(reload).status == 405);
  reload.method = "POST";
  write("unknown: x\n");
  const auto refused = service.handle(reload);
  CHECK(refused.status == 500);
  CHECK(has(refused, "unknown"));
  CHECK(exporter.loads == 1);
  auto metrics = service.handle(get("/metrics"));
  CHECK(has(metrics, "fake_config_last_reload_successful 0\n"));
  CHECK(has(metrics, "fake_health_status{status=\"degraded\"} 1\n"));

  write("known: y\n");
  CHECK(service.handle(reload).status == 200);
  CHECK(exporter.loads == 2);
  metrics = service.handle(get("/metrics"));
  CHECK(has(metrics, "fake_config_last_reload_successful 1\n"));
  CHECK(has(metrics, "fake_health_status{status=\"healthy\"} 1\n"));

  write("health: {nothing: {warn: 1}}\n");
  CHECK_THROWS_AS((Service{exporter, with_config}), ConfigError);
  std::remove(path.c_str());
}
