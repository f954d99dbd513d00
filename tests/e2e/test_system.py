# SPDX-License-Identifier: Apache-2.0
"""The endpoints and formats of the system exporter, as Prometheus, promtool and people use them."""

import gzip
import json
import re
import subprocess
import threading
import time

import pytest
from blocked import blocked_mount
from helpers import PROMETHEUS_ACCEPT, Metrics, run_exporter, scrape, show
from processes import query, request, wait_for

# Series that come and go between two scrapes of one host.
FLEETING = re.compile(r"^(node_cgroup_|namedprocess_|node_netstat_|node_arp_|node_health_check_score)")


@pytest.fixture(scope="module", name="exporter")
def exporter_fixture(binary, module_stack):
    return module_stack.start_exporter(binary)


def names_of(page):
    """Names and labels of all series that do not come and go."""
    return {key for key in page.samples if not FLEETING.match(key[0])}


def openmetrics_as_text(body):
    """An OpenMetrics page with the counters' families under the names that they have in text."""
    counters = set(re.findall(r"^# TYPE (\S+) counter$", body, re.MULTILINE))
    return re.sub(r"^# (TYPE|HELP) (\S+)", lambda match: f"# {match[1]} {match[2]}" + (
        "_total" if match[2] in counters else ""), body, flags=re.MULTILINE)


def test_text_and_openmetrics_and_gzip_say_the_same(exporter):
    _, url = exporter
    plain = request(url + "/metrics")
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    page = Metrics(plain.text)
    assert len(page.samples) > 300

    openmetrics = request(url + "/metrics", headers={"Accept": PROMETHEUS_ACCEPT})
    assert openmetrics.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert openmetrics.text.endswith("\n# EOF\n")
    other = Metrics(openmetrics_as_text(openmetrics.text))
    assert names_of(other) == names_of(page)
    for name, family in page.families.items():
        if name in other.families and not FLEETING.match(name):
            untyped = family.type == "untyped" or (family.type == "counter" and not name.endswith("_total"))
            assert other.families[name].type == ("unknown" if untyped else family.type), name

    packed = request(url + "/metrics", headers={"Accept-Encoding": "gzip", "Accept": PROMETHEUS_ACCEPT})
    assert packed.headers["Content-Encoding"] == "gzip"
    unpacked = gzip.decompress(packed.body).decode("utf-8")
    assert names_of(Metrics(openmetrics_as_text(unpacked))) == names_of(page)
    show(f"{len(page.samples)} series, {len(plain.body)} bytes of text, {len(packed.body)} gzipped")


def test_promtool_accepts_the_live_page(exporter):
    _, url = exporter
    text = request(url + "/metrics").text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    complaints = (checked.stdout + checked.stderr).splitlines()
    # promtool parses all of it; what it dislikes are names, and those that node_exporter has must stay as they are.
    assert checked.returncode in (0, 3), complaints
    inherited = re.compile(r"^node_(memory|netstat|vmstat|sockstat|disk|filesystem|network|timex|cpu|softnet|schedstat|"
                           r"nf_conntrack|md|hwmon|intr|context|forks|boot|procs|entropy|filefd|load)\w* ")
    ours = [line for line in complaints if not inherited.match(line)]
    assert not ours
    camel_case = [line for line in complaints if "camelCase" in line]
    show(f"promtool: {len(camel_case)} names of node_exporter in camelCase, {len(complaints) - len(camel_case)} more that it has",
         *(line for line in complaints if line not in camel_case))


def test_a_real_prometheus_takes_every_series(exporter, stack):
    _, url = exporter
    target = url.removeprefix("http://")
    server, prometheus = stack.start_prometheus({"system": [target]})
    server.wait_until(lambda: query(prometheus, 'count_over_time(up{job="system"}[1m]) >= 3'), "three scrapes")
    assert query(prometheus, "min_over_time(up[1m])")[0][1] == 1
    [(_, scraped)] = query(prometheus, "scrape_samples_scraped")
    [(_, kept)] = query(prometheus, "scrape_samples_post_metric_relabeling")
    [(_, stored)] = query(prometheus, f'count({{instance="{target}", __name__!~"scrape_.*|up"}})')
    own = scrape(prometheus)
    lost = {name: value for name, value in
            ((name, own.value(name)) for name in ("prometheus_target_scrapes_sample_duplicate_timestamp_total",
                                                  "prometheus_target_scrapes_sample_out_of_order_total",
                                                  "prometheus_target_scrapes_sample_out_of_bounds_total",
                                                  "prometheus_target_scrapes_exceeded_sample_limit_total")) if value}
    assert not lost
    assert kept == scraped and stored >= kept
    assert "Error on ingesting" not in server.log_text() and "append failed" not in server.log_text()
    assert abs(scraped - len(scrape(url).samples)) < 20  # some series come and go
    [(_, up)] = query(prometheus, "node_up")
    assert up == 1
    show(f"Prometheus took {scraped:.0f} series, dropped 0")


def test_once_prints_what_is_served(exporter, binary):
    _, url = exporter
    code, out, err = run_exporter(binary, "--once")
    assert code == 0 and err == ""
    page, once = scrape(url), Metrics(out)
    kinds = [{name: (family.type, family.help) for name, family in one.families.items() if not FLEETING.match(name)}
             for one in (page, once)]
    assert kinds[0] == kinds[1]
    assert names_of(once) == names_of(page)


def test_filters(exporter):
    _, url = exporter
    everything = scrape(url)
    part = scrape(url, "/metrics?collect[]=loadavg&collect[]=meminfo")
    assert set(part.states()) == {"loadavg", "meminfo"}
    assert part.get("node_load1") is not None and part.get("node_cpu_seconds_total", cpu="0", mode="idle") is None
    assert set(scrape(url, "/metrics?collect%5B%5D=loadavg").states()) == {"loadavg"}
    rest = scrape(url, "/metrics?exclude[]=loadavg")
    assert set(rest.states()) == set(everything.states()) - {"loadavg"}
    assert rest.get("node_load1") is None

    for bad, expected in [("collect[]=loadavg&exclude[]=cpu", "exclude each other"),
                          ("collect[]=nonsense", '"nonsense"'), ("exclude[]=nonsense", '"nonsense"'),
                          ("collect[]=", '""'), ("collect[]=../etc", '"../etc"')]:
        answer = request(f"{url}/metrics?{bad}")
        assert answer.status == 400 and expected in answer.text, bad
        assert answer.text.count("\n") == 1
        if "nonsense" in bad:
            assert all(name in answer.text for name in everything.states())


def test_paths(exporter):
    _, url = exporter
    page = scrape(url, "/metrics/loadavg")
    assert set(page.states()) == {"loadavg"} and page.get("node_load1") is not None
    for path in ["/metricsfoo", "/metrics/", "/metrics/nonsense", "/metrics/loadavg/", "/metrics/loadavg/x", "/nonsense",
                 "//metrics", "/metrics%2Floadavg", "/../etc/passwd", "/METRICS"]:
        assert request(url + path).status == 404, path
    # A collector that exists but is off is not there either.
    assert request(url + "/metrics/processes").status == 404
    for path in ["/", "/metrics", "/health/live"]:
        answer = request(url + path, method="HEAD")
        assert answer.status == 200 and answer.body == b"" and int(answer.headers["Content-Length"]) > 0, path
    for method in ["POST", "PUT", "DELETE"]:
        assert request(url + "/metrics", method=method).status == 405
    assert request(url + "/-/reload").status == 405


def test_landing_page(exporter):
    _, url = exporter
    scrape(url)
    answer = request(url + "/")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    for part in ["system-exporter", "/metrics", "/health", "loadavg", 'href="/metrics"']:
        assert part in answer.text, part


def test_health(exporter):
    _, url = exporter
    for path in ["/health/live", "/health/ready"]:
        answer = request(url + path)
        assert (answer.status, answer.text) == (200, "ok\n")
    short = request(url + "/health")
    detailed = request(url + "/health/detailed")
    assert detailed.status == 200 and detailed.headers["Content-Type"] == "application/health+json"
    document = json.loads(detailed.body)
    assert document["status"] in ("pass", "warn", "fail")
    assert document["serviceId"] == "system-exporter" and document["releaseId"]
    assert document["healthStatus"] in ("healthy", "degraded", "unhealthy", "unknown")
    assert 0 <= document["score"] <= 100
    assert document["checks"]
    for fact, checks in document["checks"].items():
        for check in checks:
            assert check["status"] in ("pass", "warn", "fail"), fact
            assert check["warn"] != check["critical"] and check["weight"] > 0
            assert ("collector" in check) == (fact != "up"), fact  # that a target is up is no collector's fact
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", check["time"])
            assert 0 <= check["score"] <= 100 and isinstance(check["observedValue"], (int, float)), fact
    assert document["healthStatus"] == short.text.strip()
    assert (short.status == 200) == (short.text.strip() in ("healthy", "degraded"))
    page = scrape(url)
    assert {labels["check"] for labels, _ in page.of("node_health_check_score")} == set(document["checks"])
    assert sum(value for _, value in page.of("node_health_status")) == 1
    show(f"health {document['score']}: {', '.join(sorted(document['checks']))}")


def test_too_many_scrapes_at_once(binary, stack):
    with blocked_mount(stack, binary) as mount:
        process, url = stack.start_exporter(binary, *mount.flags, "--web.max-requests=1", "--scrape.timeout=60s",
                                      "--collector.filesystem.mount-timeout=60s", env=mount.env)
        mount.block()
        answers = []
        first = threading.Thread(target=lambda: answers.append(request(url + "/metrics", timeout=120)))
        first.start()
        wait_for(mount.holds, "the first scrape to hang")
        refused = request(url + "/metrics")
        assert refused.status == 503
        assert "1" in refused.text and refused.text.count("\n") == 1
        # Probes are answered while all scrapes are taken.
        start = time.monotonic()
        assert request(url + "/health/live").status == 200
        alive_after = time.monotonic() - start
        mount.release()
        first.join(120)
        assert answers[0].status == 200
        assert scrape(url).state("filesystem") == "ok"
        show(f"503 while one scrape hangs; /health/live answered after {alive_after * 1000:.0f} ms")
