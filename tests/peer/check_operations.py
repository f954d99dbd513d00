# SPDX-License-Identifier: Apache-2.0
"""docs/operations.md: its steps to TLS and a password are done, and its flags, variables and metrics exist.

check_operations.py SYSTEM_EXPORTER [OTHER EXPORTERS]
"""

import base64
import fnmatch
import os
import pathlib
import re
import ssl
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE / "../.."
sys.path[:0] = [str(HERE / "../stack"), str(HERE / "../rules")]
from check_migration import flags_of, help_of  # noqa: E402
from check_runbooks import METRIC, SERVERS  # noqa: E402
from golden import Metrics  # noqa: E402
from processes import Stack, StackError, answers, free_port, query, wait_for  # noqa: E402

PAGE = ROOT / "docs/operations.md"
# Words that stand for a name, and names that look like a metric's.
OTHERS = {"--no-collector.NAME", "--collector.NAME", "--web.enable-lifecycle"}  # the last is Prometheus'
NO_METRICS = {"pg_read_all_data", "process_groups"}
PASSWORD = "correct horse"
# What follows the colon, as htpasswd prints it for that password.
HASH = "$2y$10$BYdNOUYyhmXRF9oDi0i/.uEotQ69ZfyPlnHgAVGz0LtRPS3wHWUGe"


def blocks(text, language):
    return [textwrap.dedent(body) for body in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)]


def named_block(text, name):
    [body] = [body for body in blocks(text, "yaml") if body.startswith(f"# {name}\n")]
    return body


def text_messages(text, binaries):
    """Flags, variables and metrics that the page names and nobody has."""
    helps = "".join(help_of(binary) for binary in binaries)
    flags = flags_of(helps) | {"--help", "--version"}
    for flag in sorted(set(re.findall(r"--(?:no-)?(?:collector|web|log|config|path|scrape|proxy|statsd|postgres|redis)\.[\w.-]*\w", text)) - OTHERS - flags):
        yield f"no exporter has {flag}"
    for variable in sorted(set(re.findall(r"\b[A-Z]+_EXPORTER_[A-Z_]+\b", text))):
        if f"[{variable}]" not in helps:
            yield f"no exporter has the variable {variable}"
    metrics = Metrics(HERE / "../golden")
    known = set(metrics.labels) | set(metrics.types)
    for name in sorted(set(METRIC.findall(text)) - known):
        if not SERVERS.fullmatch(name) and not any(fnmatch.fnmatchcase(other, name) for other in known) and name not in NO_METRICS:
            yield f"no exporter has the metric {name}"
    for suffix in sorted(set(re.findall(r"`\*(_\w+)`", text))):
        if not any(name.endswith(suffix) for name in known) and suffix != "_scrape_series_dropped_total":
            yield f"no metric ends with {suffix}"
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not (PAGE.parent / target).exists():
            yield f"the link to {target} leads nowhere"


def status(url, context, password=None):
    wanted = urllib.request.Request(url)
    if password:
        wanted.add_header("Authorization", "Basic " + base64.b64encode(f"prometheus:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(wanted, timeout=60, context=context) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return "refused"


def tls_messages(text, binary):
    """The certificates are made, the web config is taken, who has both gets in, and Prometheus does."""
    with Stack() as stack:
        folder = stack.path("tls")
        os.mkdir(folder)
        make = blocks(text, "sh")[0]
        done = subprocess.run(["bash", "-e", "-c", make], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"the certificates cannot be made: {done.stderr[-500:]}"
            return
        stack.write("tls/web.yml", named_block(text, "web.yml").replace("$2y$10$...", HASH))
        stack.write("tls/password", PASSWORD)
        _, url = stack.start_exporter(binary, f"--web.config.file={folder}/web.yml")
        url = url.replace("127.0.0.1", "localhost")
        bare, whole = (ssl.create_default_context(cafile=folder + "/ca.pem") for _ in range(2))
        whole.load_cert_chain(folder + "/prometheus.pem", folder + "/prometheus.key")
        for expected, got, what in ((200, status(url + "/metrics", whole, PASSWORD), "certificate and password"),
                                    (401, status(url + "/metrics", whole), "no password"),
                                    (401, status(url + "/health/detailed", whole), "details without a password"),
                                    (200, status(url + "/health/live", whole), "liveness without a password"),
                                    ("refused", status(url + "/metrics", bare, PASSWORD), "no certificate")):
            if got != expected:
                yield f"{what}: expected {expected}, got {got}"
        job = named_block(text, "prometheus.yml").replace("host1.example.net:9100", url.partition("//")[2])
        yield from prometheus_messages(stack, folder, job)


def prometheus_messages(stack, folder, job):
    stack.write("tls/prometheus.yml", "global: {scrape_interval: 1s, scrape_timeout: 1s}\n" + job)
    url = f"http://127.0.0.1:{free_port()}"
    process = stack.start("prometheus", ["prometheus", f"--config.file={folder}/prometheus.yml", "--storage.tsdb.path=" + stack.path("data"),
                                         "--web.listen-address=" + url.removeprefix("http://")])
    process.wait_until(lambda: answers(url + "/-/ready"), "answers")
    try:
        wait_for(lambda: any(value == 1 for _, value in query(url, 'up{job="system"}')), "a good scrape")
    except StackError as error:
        yield f"Prometheus gets nothing: {error}"


def main(*binaries):
    text = PAGE.read_text()
    wrong = [*text_messages(text, binaries), *tls_messages(text, binaries[0])]
    print("".join(message + "\n" for message in wrong), end="")
    print(f"docs/operations.md: {len(wrong)} mistakes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
