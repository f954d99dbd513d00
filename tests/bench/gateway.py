# SPDX-License-Identifier: Apache-2.0
"""The AI gateway side by side with plain proxies (nginx, HAProxy) and another LLM gateway (Portkey), against the upstream directly.

All proxies run at the same time and take turns in every round, each on a processor of its own where there are two; the load and
the upstream have the other one. Ours meters, has limits, a queue and prices for the model, and asks every stream for its usage
and takes it out again. `added` is what a percentile has more than that of the upstream directly in the same round; the median of
the rounds, but for 99.9 %, which is of all rounds together. Nothing here passes or fails but answers that are wrong.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from gateway import Gateway, model, upstream  # noqa: E402
from measure import cpu_seconds, status_kib  # noqa: E402
from processes import Stack, StackError, free_port  # noqa: E402

PORTKEY = os.path.join(HERE, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js")
STREAM = {"frames": 20, "first": 20, "gap": 10}
# At a fixed rate. What a load asks for: rate, plan; Portkey does not bear the last.
PACED = {
    "100/s": {"rate": 100},
    "300/s": {"rate": 300},
    "2000/s": {"rate": 2000},
    "50 streams/s": {"rate": 50, **STREAM},
}
TOO_MUCH = {"portkey": {"2000/s"}}
# As fast as 64 connections can.
SATURATING = {
    "answers of 1 KiB": {},
    "prompts of 32 KiB": {"prompt": 32768},
    "streams of 50 frames": {"frames": 50},
}
HELD_RATE, HELD_TIME = 200, 5  # streams a second until all are there, and how much longer they last
INPUT_TOKENS, OUTPUT_TOKENS = 100, 20  # that llm_upstream tells of each answer

NGINX = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_body_buffer_size 1m;
  keepalive_requests 100000000;
  upstream llm {{
    server 127.0.0.1:{upstream};
    keepalive 256;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://llm;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

HAPROXY = """\
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 75s
  option http-no-delay
  http-reuse always
frontend llm
  bind 127.0.0.1:{port}
  default_backend upstream
backend upstream
  server upstream 127.0.0.1:{upstream} pool-max-conn 256
"""


class Subject:
    """Something that is asked: a port, headers that it wants, and its process (None: the upstream itself)."""

    def __init__(self, name, port, process=None, headers=()):
        self.name, self.port, self.process, self.headers = name, port, process, headers
        self.memory = {"idle": self.resident()} if process else {}
        self.answered = 0

    def resident(self):
        return status_kib(self.process.pid, "VmRSS")

    def remember(self, what):
        if self.process:
            self.memory[what] = max(self.memory.get(what, 0), self.resident())

    def cpu(self):
        return cpu_seconds(self.process.pid) if self.process else 0


def processors():
    """(those of the load and of the upstream, that of a proxy): the same where there is but one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return set(others) or {first}, {first}


def program(name):
    return shutil.which(name) or "/usr/sbin/" + name


def move(process, processors_):
    """A process with all its threads."""
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        os.sched_setaffinity(int(thread), processors_)


def config_of(port):
    """Everything that costs something, and nothing that refuses."""
    return {
        "proxy": {"max_connections": 8192},
        "upstreams": [upstream("openai", f"http://127.0.0.1:{port}", idle_connections=256)],
        "models": [model("bench", "openai", concurrency=4000, queue={"length": 4000, "wait": "30s"},
                         limits=[{"requests": 1_000_000_000, "per": "1m"}, {"tokens": 1_000_000_000_000, "per": "1m"}])],
        "prices": [{"model": "bench", "input": 2.5, "output": 10, "cached_input": 1.25}],
    }


class Bench:
    def __init__(self, stack, options):
        self.stack, self.options = stack, options
        here, self.there = processors()
        os.sched_setaffinity(0, here)  # all that is started is there, too; the proxies are moved
        if options.realtime:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        self.ours = None
        self.upstream = self.start_upstream()
        self.subjects = [Subject("direct", self.upstream)]
        for name in options.subjects + (["before"] if options.before else []):
            self.subjects.append(getattr(self, "start_" + name)())

    def start_upstream(self):
        process = self.stack.start("llm-upstream", [self.options.upstream])
        return int(process.wait_until(lambda: process.log_text().strip(), "its port"))

    def start_ours(self):
        self.ours, subject = self.start_gateway("ours", self.options.exporter)
        return subject

    def start_before(self):
        return self.start_gateway("before", self.options.before)[1]

    def start_gateway(self, name, binary):
        gateway = Gateway(self.stack, binary, config_of(self.upstream))
        move(gateway.process, self.there)
        return gateway, Subject(name, gateway.port, gateway.process)

    def start_server(self, name, command, port, headers=()):
        process = self.stack.start(name, command)
        process.wait_until(lambda: self.answers(port, headers), "an answer")
        move(process, self.there)
        return Subject(name, port, process, headers)

    def start_nginx(self):
        port = free_port()
        path = self.stack.write("nginx.conf", NGINX.format(port=port, upstream=self.upstream, folder=self.stack.folder))
        return self.start_server("nginx", [program("nginx"), "-c", path, "-p", self.stack.folder, "-e", "stderr"], port)

    def start_haproxy(self):
        port = free_port()
        path = self.stack.write("haproxy.cfg", HAPROXY.format(port=port, upstream=self.upstream))
        return self.start_server("haproxy", [program("haproxy"), "-db", "-f", path], port)

    def start_portkey(self):
        if not os.path.exists(PORTKEY):
            raise StackError("the npm package is not installed: run tests/bench/portkey/install")
        port = free_port()
        headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{self.upstream}/v1")
        return self.start_server("portkey", ["node", PORTKEY, "--headless", f"--port={port}"], port, headers)

    def answers(self, port, headers):
        return self.load(port, headers, {"rate": 1, "seconds": 1})["done"] == 1

    def load_command(self, port, headers, how):
        keys = {"seconds": self.options.seconds, **how}
        return [self.options.load, str(port), *(f"{key}={value}" for key, value in keys.items()),
                *(f"header={header}" for header in headers)]

    def load(self, port, headers, how):
        done = subprocess.run(self.load_command(port, headers, how), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError("llm_load failed: " + done.stderr.strip())
        return json.loads(done.stdout)

    def ask(self, subject, how):
        """One load on a subject, with what it cost."""
        began, cpu = time.monotonic(), subject.cpu()
        one = self.load(subject.port, subject.headers, how)
        one |= {"cpu": subject.cpu() - cpu, "wall": time.monotonic() - began}
        self.check(subject, one)
        return one

    @staticmethod
    def check(subject, one):
        subject.answered += one["done"]
        if one["errors"] or one["lost"]:
            print(f"bench: {subject.name}: errors {one['errors']}, lost frames {one['lost']}, of {one['done']} answers", file=sys.stderr)

    def hold(self, subject):
        """The most memory while so many streams are open at once."""
        many = self.options.streams
        rising = -(-many // HELD_RATE)
        how = {"rate": HELD_RATE, "seconds": rising, "frames": rising + HELD_TIME, "gap": 1000}
        process = subprocess.Popen(self.load_command(subject.port, subject.headers, how), stdout=subprocess.PIPE, text=True)
        time.sleep(rising + HELD_TIME / 2)
        subject.remember("held")
        one = json.loads(process.communicate()[0])
        self.check(subject, one)
        subject.memory["held_streams"] = one["most"]

    def check_metering(self, page):
        ours = next(one for one in self.subjects if one.name == "ours")
        wanted = ours.answered * INPUT_TOKENS, ours.answered * OUTPUT_TOKENS
        found = tuple(page.total("aigw_tokens_total", type=kind) for kind in ("input", "output"))
        if found != wanted:
            raise StackError(f"ours counted {found} tokens, of {wanted} that were used")
        return {"input": wanted[0], "output": wanted[1], "cost_usd": page.total("aigw_cost_usd_total")}

    def run(self):
        options = self.options
        loads = {name: how for name, how in PACED.items() if not options.loads or name in options.loads}
        results = {load: {one.name: [] for one in self.subjects if load not in TOO_MUCH.get(one.name, ())} for load in loads}
        busy = {load: {one.name: [] for one in self.subjects if one.process} for load in SATURATING}
        noise = [os.getloadavg()[0]]
        for subject in self.subjects:
            self.ask(subject, {"rate": 50, "seconds": 3})  # to warm up
        for turn in range(options.rounds):
            order = self.subjects[turn % len(self.subjects):] + self.subjects[:turn % len(self.subjects)]
            for load, by_subject in results.items():
                for subject in order:
                    if subject.name in by_subject:
                        by_subject[subject.name].append(self.ask(subject, loads[load]))
                        subject.remember("steady")
            for load, how in SATURATING.items():
                for subject in order:
                    if subject.process and not options.paced_only:
                        busy[load][subject.name].append(self.ask(subject, {**how, "rate": 0, "seconds": 3}))
        if options.streams and not options.paced_only:
            for subject in self.subjects:
                if subject.process:
                    subject.remember("before_held")
                    self.hold(subject)
        time.sleep(3)
        for subject in self.subjects:
            subject.remember("after")
        noise.append(os.getloadavg()[0])
        answer = {
            "paced": {load: summary_of(rounds) for load, rounds in results.items()},
            "saturated": {load: {name: rates_of(found) for name, found in rounds.items() if found} for load, rounds in busy.items()},
            "memory_kib": {one.name: one.memory for one in self.subjects if one.process},
            "load_average": noise,
            "processors": os.cpu_count(),
        }
        if "ours" in options.subjects:
            answer["metered"] = self.check_metering(self.settled_page())
        return answer

    def settled_page(self):
        return self.ours.wait_for_page(lambda page: page.total("aigw_in_flight_requests") == 0, "no request is under way")


def percentile(values, part):
    """The value that `part` of them do not exceed, in microseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] / 1000


# key: (array of llm_load, its part; None: of all rounds together)
FIGURES = {
    "p50": ("whole", 0.5), "p99": ("whole", 0.99), "p999": ("whole", 0.999),
    "first_p50": ("first", 0.5), "first_p99": ("first", 0.99),
    "travel_p50": ("travel", 0.5), "travel_p99": ("travel", 0.99), "gap_p99": ("gaps", 0.99),
}
POOLED = {"p999"}


def summary_of(by_subject):
    """{subject: {figure: {"us": its own, "added": more than directly}}, with CPU time a request and the spread of its p99."""
    summary = {}
    for name, rounds in by_subject.items():
        figures = {}
        for key, (array, part) in FIGURES.items():
            if not rounds[0][array]:
                continue
            if key in POOLED:
                own, direct = ([percentile(sum((one[array] for one in found), []), part)] for found in (rounds, by_subject["direct"]))
            else:
                own, direct = ([percentile(one[array], part) for one in found] for found in (rounds, by_subject["direct"]))
            added = [mine - theirs for mine, theirs in zip(own, direct)]
            figures[key] = {"us": statistics.median(own), "added": statistics.median(added), "least": min(own), "most": max(own)}
        figures["cpu_us"] = statistics.median(one["cpu"] / max(one["done"], 1) for one in rounds) * 1e6
        figures["errors"] = sum(sum(one["errors"].values()) + one["lost"] for one in rounds)
        summary[name] = figures
    return summary


def rates_of(rounds):
    return {"rate": statistics.median(one["done"] / one["seconds"] for one in rounds),
            "cpu_us": statistics.median(one["cpu"] / max(one["done"], 1) for one in rounds) * 1e6,
            "busy": statistics.median(one["cpu"] / one["wall"] for one in rounds),
            "errors": sum(sum(one["errors"].values()) + one["lost"] for one in rounds)}


def print_paced(load, by_subject):
    keys = [key for key in FIGURES if key in by_subject["direct"]]
    print(f"\n{load + ', microseconds':34}" + "".join(f"{key:>12}" for key in keys) + f"{'CPU':>10}{'errors':>8}")
    for name, figures in by_subject.items():
        row = [figures[key]["us" if name == "direct" else "added"] for key in keys]
        print(f"{name if name == 'direct' else name + ', added':34}" + "".join(f"{value:12.0f}" for value in row)
              + f"{figures['cpu_us']:10.1f}{figures['errors']:8}")


def print_table(result):
    spread = [f"{load} {one['direct']['p99']['least']:.0f} to {one['direct']['p99']['most']:.0f}" for load, one in result["paced"].items()]
    print(f"{result['processors']} processors, load average {result['load_average'][0]:.1f} before and {result['load_average'][1]:.1f} "
          f"after. 99 % directly, of the rounds, us: {'; '.join(spread)}")
    for load, by_subject in result["paced"].items():
        print_paced(load, by_subject)
    for load, by_subject in result["saturated"].items():
        if not by_subject:
            continue
        print(f"\n{'64 connections, ' + load:40}{'answers/s':>12}{'CPU us':>10}{'a core/s':>10}{'core used':>11}{'errors':>8}")
        for name, one in by_subject.items():
            print(f"{name:40}{one['rate']:12.0f}{one['cpu_us']:10.1f}{1e6 / max(one['cpu_us'], 0.1):10.0f}{one['busy']:10.0%}"
                  f"{one['errors']:8}")
    print(f"\n{'memory, MiB':26}" + "".join(f"{what:>14}" for what in ("idle", "under load", "streams held", "KiB a stream", "after")))
    for name, memory in result["memory_kib"].items():
        held, streams = memory.get("held"), memory.get("held_streams")
        each = (held - memory["before_held"]) / streams if held else 0
        print(f"{name:26}{memory['idle'] / 1024:14.1f}{memory.get('steady', 0) / 1024:14.1f}{(held or 0) / 1024:14.1f}"
              f"{each:14.1f}{memory['after'] / 1024:14.1f}" + (f"   ({streams} streams)" if held else ""))
    for load, by_subject in result["paced"].items():
        print_ratios(load, by_subject)
    if "metered" in result:
        print("\ncounted by ours, to the unit: {input:.0f} tokens in, {output:.0f} out; {cost_usd:.2f} dollars".format(**result["metered"]))


def print_ratios(load, by_subject):
    ours = by_subject.get("ours")
    for key in ("p99", "first_p99", "travel_p99"):
        if not ours or key not in ours:
            continue
        for other in ("nginx", "haproxy", "portkey", "before"):
            theirs = by_subject.get(other)
            if theirs and theirs[key]["added"] > 0 and ours[key]["added"] > 0:  # else one is lost in the noise
                print(f"{load}: added {key}, ours to {other}'s: {ours[key]['added'] / theirs[key]['added']:.3f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--exporter", required=True, type=os.path.abspath, help="the AI gateway, of an optimised build")
    arguments.add_argument("--before", type=os.path.abspath, help="another build of the AI gateway, to be measured beside it")
    arguments.add_argument("--upstream", required=True, type=os.path.abspath, help="tests/bench/llm-upstream")
    arguments.add_argument("--load", required=True, type=os.path.abspath, help="tests/bench/llm-load")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=5, help="of a load at a fixed rate (default: %(default)s)")
    arguments.add_argument("--streams", type=int, default=1000, help="held at once (default: %(default)s)")
    arguments.add_argument("--subjects", type=lambda text: text.split(","), default=["nginx", "haproxy", "ours", "portkey"])
    arguments.add_argument("--loads", type=lambda text: text.split(","), default=[], help="some of: " + ", ".join(PACED))
    arguments.add_argument("--paced-only", action="store_true", help="only loads at a fixed rate")
    arguments.add_argument("--realtime", action="store_true", help="go before all other processes, on a machine that is not idle (root)")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    with Stack() as stack:
        result = Bench(stack, options).run()
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        print_table(result)


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"gateway.py: {error}")
