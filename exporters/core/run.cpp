// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>

#include "exporter.h"
#include "flags.h"
#include "health_check.h"
#include "http_server.h"
#include "log.h"
#include "mask.h"
#include "service.h"
#include "text.h"
#include "version.h"

namespace binnacle {

namespace {

constexpr std::array kHandledSignals{SIGTERM, SIGINT, SIGHUP};
/// Threads beyond --web.max-requests, so that probes are answered while all scrapes are taken.
constexpr int kSpareThreads = 8;

struct CoreFlags {
  std::vector<std::string> listen_addresses;
  std::string telemetry_path = "/metrics";
  std::string web_config_file;
  int max_requests = 40;
  bool disable_exporter_metrics = false;
  std::chrono::milliseconds scrape_timeout{10'000};
  std::string log_level = "info";
  std::string log_format = "logfmt";
  bool log_mask_pii = false;
  std::string config_file;
  bool config_check = false;
  bool once = false;
  bool health_check = false;
  bool disable_defaults = false;
  std::vector<CollectorKind> collectors;  // enabled_by_default is what the flag sets
};

void add_core_flags(Flags& flags, CoreFlags& values) {
  flags.group("Web");
  flags.add("web.listen-address", values.listen_addresses, "Address to serve on; may be given more than once.");
  flags.add("web.telemetry-path", values.telemetry_path, "Path of the metrics.");
  flags.add("web.config.file", values.web_config_file,
            "File with TLS and basic authentication, as exporter-toolkit's.");
  flags.add("web.max-requests", values.max_requests, 0, 1000, "Scrapes at once; more are answered 503. 0: no limit.");
  flags.add("web.disable-exporter-metrics", values.disable_exporter_metrics, "Leave process_* out of the metrics.");
  flags.add("scrape.timeout", values.scrape_timeout,
            "Longest time for a scrape; Prometheus' own timeout, less 0.5 s, where that is shorter.");
  flags.group("Log");
  flags.add_choice("log.level", values.log_level, {"debug", "info", "warn", "error"}, "Least level that is logged.");
  flags.add_choice("log.format", values.log_format, {"logfmt", "json"}, "Format of log lines.");
  flags.add("log.mask-pii", values.log_mask_pii,
            "Also mask e-mail and IP addresses, phone, card and social security numbers.");
  flags.group("Config");
  flags.add("config.file", values.config_file, "YAML file; read again on SIGHUP and POST /-/reload.");
  flags.add("config.check", values.config_check, "Check flags and files, then exit.");
  flags.add("once", values.once, "Print one scrape to stdout, then exit.");
  flags.add(
      "health-check", values.health_check,
      "Ask /health/live of the process that serves, then exit: 0 healthy, 1 not. Alone, it takes the flags of the "
      "one process that runs this binary.");
}

void add_collector_flags(Flags& flags, CoreFlags& values) {
  flags.group("Collectors");
  flags.add("collector.disable-defaults", values.disable_defaults, "Run only the collectors that a flag enables.");
  for (auto& kind : values.collectors) flags.add("collector." + kind.name, kind.enabled_by_default, kind.help);
}

std::set<std::string> enabled_collectors(const Flags& flags, const CoreFlags& values) {
  std::set<std::string> enabled;
  for (const auto& kind : values.collectors) {
    const bool chosen = !values.disable_defaults || flags.given("collector." + kind.name);
    if (chosen && kind.enabled_by_default) enabled.insert(kind.name);
  }
  return enabled;
}

log::Settings log_settings(const CoreFlags& values) {
  constexpr std::array kLevels{"debug", "info", "warn", "error"};
  const auto level = std::find(kLevels.begin(), kLevels.end(), values.log_level) - kLevels.begin();
  return {static_cast<log::Level>(level), values.log_format == "json" ? log::Format::json : log::Format::logfmt,
          values.log_mask_pii};
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kHandledSignals) sigaddset(&set, signal);
  return set;
}

void reload_on_signal(Service& service, HttpServer& server) {
  try {
    service.reload();
    server.reload_web_config();
    log::info("config reloaded", {{"by", "SIGHUP"}});
  } catch (const std::exception& error) {
    log::error("config not reloaded, the old one stays", {{"error", error.what()}});
  }
}

/// Serves until SIGTERM or SIGINT.
void serve(Service& service, Exporter& exporter, const CoreFlags& values) {
  exporter.serve();
  HttpServerOptions options;
  options.listen_addresses = values.listen_addresses;
  options.web_config_file = values.web_config_file;
  options.threads = (values.max_requests > 0 ? values.max_requests : CoreFlags{}.max_requests) + kSpareThreads;
  options.no_auth = [](std::string_view path) { return path == "/health/live" || path == "/health/ready"; };
  options.allowed = [](std::string_view method, std::string_view path) {
    return method == "POST" && path == "/-/reload";
  };
  HttpServer server{options, [&service](const HttpRequest& request) { return service.handle(request); }};
  service.on_reload([&server] { server.reload_web_config(); });
  for (const auto& address : server.listening_on()) {
    log::info("listening", {{"address", address},
                            {"exporter", exporter.info().name},
                            {"version", std::string{version()}},
                            {"revision", std::string{revision()}}});
  }

  const sigset_t signals = handled_signals();
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) {
      log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      break;
    }
    reload_on_signal(service, server);
  }
  exporter.stop();
  server.stop();
  log::info("stopped");
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// What the flags are read from: of a lone --health-check, the process that serves.
std::vector<const char*> arguments_of(int argc, char** argv, const std::vector<std::string>& serving) {
  std::vector<const char*> arguments{argv, argv + argc};
  for (const auto& argument : serving) arguments.push_back(argument.c_str());
  return arguments;
}

void run_or_throw(Exporter& exporter, int argc, char** argv) {
  const auto info = exporter.info();
  CoreFlags values;
  values.listen_addresses = {info.listen_address};
  values.collectors = exporter.collectors();

  Flags flags{info.name, info.description,
              info.name + " " + std::string{version()} + " (revision " + std::string{revision()} + ", compiler " +
                  std::string{compiler()} + ")"};
  add_core_flags(flags, values);
  add_collector_flags(flags, values);
  exporter.add_flags(flags);
  const bool lone_health_check = argc == 2 && argv[1] == std::string_view{"--health-check"};
  const auto serving = lone_health_check ? serving_arguments() : std::vector<std::string>{};
  const auto arguments = arguments_of(argc, argv, serving);
  flags.parse(static_cast<int>(arguments.size()), arguments.data());
  if (!values.telemetry_path.starts_with('/') || values.telemetry_path == "/") {
    throw std::runtime_error("--web.telemetry-path: expected a path such as /metrics, got " +
                             quoted(values.telemetry_path));
  }
  log::configure(log_settings(values));
  if (values.health_check) {
    check_health(values.listen_addresses, values.web_config_file);
    print("ok\n");
    return;
  }

  // Blocked before any thread exists, so that only sigwait() below takes them.
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // glibc gives each of the many threads that wait for requests an arena of its own, and none gives memory back.
  // One costs no measurable time more, and each keeps what the largest scrape in it ever took.
  mallopt(M_ARENA_MAX, 1);
  // A page's memory is not given to the kernel and asked back for at every scrape.
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);

  Service::Settings settings;
  settings.telemetry_path = values.telemetry_path;
  settings.max_requests = values.max_requests;
  settings.scrape_timeout = values.scrape_timeout;
  settings.exporter_metrics = !values.disable_exporter_metrics;
  settings.enabled = enabled_collectors(flags, values);
  settings.config_file = values.config_file;
  exporter.start([&](const std::string& name) { return settings.enabled.contains(name); });
  Service service{exporter, settings};

  if (values.config_check) {
    HttpServer::check_web_config(values.web_config_file);
    print("ok\n");
  } else if (values.once) {
    print(*service.once());
  } else {
    serve(service, exporter, values);
  }
}

}  // namespace

int run(Exporter& exporter, int argc, char** argv) {
  try {
    run_or_throw(exporter, argc, argv);
    return 0;
  } catch (const FlagsDone& done) {
    print(done.text);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", exporter.info().name.c_str(), mask_secrets(error.what()).c_str());
    return 1;
  }
}

}  // namespace binnacle
