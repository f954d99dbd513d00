#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a real Alertmanager sends with alerts/alertmanager.yml, to whom, when and in which words.

Its times are scaled down and its files are put into a folder of the test: both by replacing text of the file as it is
shipped. Receivers are a pager and two chats on loopback.

usage: test_notifications.py CONFIG
"""
import re
import sys
import time

from alertmanager_server import ago, wait_for
from alertmanager_site import Site

TEXTS = {"summary": "A Redis does not answer.", "description": "The exporter gets no answer from Redis carts on app-a:9121.",
         "runbook_url": "https://docs.example.org/CacheRedisDown", "dashboard_url": "https://grafana.example.org/d/x?var-job=cache"}
DOWN = {"alertname": "CacheRedisDown", "severity": "critical", "component": "cache", "job": "cache", "instance": "app-a:9121"}
SLOW = {"alertname": "CacheRedisSlowCommands", "severity": "warning", "component": "cache", "job": "cache",
        "instance": "app-a:9121"}
NOTE = {"alertname": "CacheNote", "severity": "info", "component": "cache", "job": "cache", "instance": "app-a:9121"}
# Seconds in place of a quarter of an hour, and of five minutes.
ESCALATION = 12
WARNING = 8


def on(alert, host):
    return {**alert, "instance": f"{host}:9121"}


def hour_and_minute(clock):
    return time.strftime("%H:%M", time.gmtime(clock))


def names(message):
    """The instances that a message to a chat or pager names in its lines."""
    text = message["attachments"][0]["text"] if "attachments" in message else message["payload"]["custom_details"]["alerts"]
    return set(re.findall(r"[\w-]+:9121", text.split("Silence")[0].split("|Silence>")[0].rsplit("<http", 1)[0]))


def described(alert):
    return {**TEXTS, "description": f"{alert['alertname']} on {alert['instance']}."}


def fire(site, *alerts):
    """Posts them one by one. Returns the time before the first."""
    began = time.time()
    for alert in alerts:
        site.server.post([alert], described(alert))
    return began


def check_escalation(site):
    """Of four alerts one is silenced, one is over and two stay: these two alone are told to somebody else."""
    began = fire(site, on(DOWN, "stays"), on(DOWN, "seen"), on(DOWN, "over"))
    site.wait("page", 1)
    silence = site.server.silence(alertname=DOWN["alertname"], instance="seen:9121")
    site.server.resolve([on(DOWN, "over")], described(on(DOWN, "over")))
    (when, message), = site.wait("escalation", 1)
    if when < began + ESCALATION or names(message) != {"stays:9121"}:
        sys.exit(f"escalated {when - began} seconds after the alert, not {ESCALATION}: {message}")
    if when < site.sent("page")[0][0]:
        sys.exit("escalated before it was told to those on call")
    # Another host begins later, so its clock ends later than those of the three.
    later = fire(site, on(DOWN, "later"))
    when, message = site.wait("escalation", 2)[1]
    if when < later + ESCALATION or names(message) != {"later:9121"}:
        sys.exit(f"escalated {when - later} seconds after the second alert, not {ESCALATION}: {message}")
    if len(site.sent("escalation")) != 2:
        sys.exit(f"silenced or over, but escalated: {[names(body) for _, body in site.sent('escalation')]}")
    # Whoever silenced it was wrong: it is not forgotten.
    site.server.end_silence(silence)
    names_ = names(site.wait("escalation", 3)[2][1])
    if names_ != {"seen:9121"}:
        sys.exit(f"after the end of a silence {names_} is escalated")
    # It ends for both who were told.
    site.server.resolve([on(DOWN, "stays")], described(on(DOWN, "stays")))
    wait_for("resolved message to the escalation",
             lambda: [body for _, body in site.sent("escalation") if body["event_action"] == "resolve"])
    print(f"critical: told at once; escalated {ESCALATION} s after it began, unless it is silenced or over; again once a silence ends")


def check_warnings(site):
    """Warnings of one kind come in one message, and the next one comes no sooner than the interval says."""
    began = fire(site, on(SLOW, "one"), on(SLOW, "two"), on({**SLOW, "alertname": "CacheRedisFragmented"}, "one"))
    fire(site, on(SLOW, "three"))
    messages = site.wait("ticket", 2)
    for when, _ in messages:
        if when < began + WARNING:
            sys.exit(f"a warning was sent {when - began} seconds after it began, not {WARNING}")
    if sorted(map(len, map(names, [body for _, body in messages]))) != [1, 3]:
        sys.exit(f"not one message for each kind: {messages}")
    fire(site, on(SLOW, "four"))
    third = site.wait("ticket", 3)[2]
    first = min(when for when, body in messages if len(names(body)) == 3)
    if third[0] < first + WARNING - 0.5 or names(third[1]) != {f"{host}:9121" for host in ("one", "two", "three", "four")}:
        sys.exit(f"the next message came {third[0] - first} seconds after the first, not {WARNING}: {third}")
    print(f"warning: one message for each kind; the next one {WARNING} s later, with what has joined")


def check_digest(site, opens):
    """Nothing before the hour; then one message with all that fires."""
    wait_for("time for the daily message", lambda: time.time() >= opens)
    when, message = site.wait("digest", 1)[0]
    if when < opens or names(message) != {"one:9121", "two:9121", "three:9121"}:
        sys.exit(f"daily message {when - opens} seconds after the hour: {message}")
    # A warning that begins now is told several turns later: by then the daily message would have come again.
    tickets = len(site.sent("ticket"))
    fire(site, on({**SLOW, "alertname": "CacheRedisClientsBlocked"}, "one"))
    site.wait("ticket", tickets + 1)
    if len(site.sent("digest")) != 1:
        sys.exit(f"{len(site.sent('digest'))} daily messages: {site.sent('digest')}")
    print("info: nothing until the hour, then one message with all of them")


def check_restart(config):
    """With the times as they are shipped: the clock is the alert's own, and a restart neither repeats nor forgets."""
    old, young = on(DOWN, "old"), on({**DOWN, "job": "redis"}, "young")
    times = [(old, ago(16 * 60)), (young, ago(13 * 60))]
    with Site(config) as site:
        def tell():
            for alert, began in times:
                site.server.post([alert], described(alert), startsAt=began)

        tell()
        site.wait("page", 2)
        (_, message), = site.wait("escalation", 1)
        if names(message) != {"old:9121"}:
            sys.exit(f"16 and 13 minutes old, and escalated are {names(message)}")
        # It notes what it has sent a moment after: ended in between, it would send it again, as it should.
        wait_for("sent messages", lambda: site.server.metric("alertmanager_notification_latency_seconds_count", integration="pagerduty") >= 3)
        time.sleep(1)
        site.server.restart()
        tell()
        fire(site, on({**DOWN, "alertname": "CacheRedisAofFailing", "job": "another"}, "third"))
        _, message = site.wait("page", 3)[2]
        if not message["payload"]["summary"].startswith("[CRITICAL] CacheRedisAofFailing"):
            sys.exit(f"told again after a restart: {message}")
        site.nothing_more({"page": 3, "escalation": 1}, "after a restart")
    print("critical, with the times as shipped: escalated is what is 16 minutes old, not what is 13; a restart repeats nothing")


def check_times(config):
    opens = (int(time.time()) // 60 + 1) * 60
    opens += 60 if opens - time.time() < 20 else 0
    closes = "24:00" if hour_and_minute(opens + 300) < hour_and_minute(opens) else hour_and_minute(opens + 300)
    changes = [
        ("group_wait: 15m\n( *)group_interval: 15m", rf"group_wait: {ESCALATION}s\n\1group_interval: {ESCALATION}s", 1),
        ("group_interval: 1m\n", "group_interval: 2s\n", 1),
        ("group_wait: 5m\n( *)group_interval: 5m", rf"group_wait: {WARNING}s\n\1group_interval: {WARNING}s", 1),
        ("group_interval: 5m\n( *)repeat_interval: 20h", r"group_interval: 1s\n\1repeat_interval: 20h", 1),
        ("start_time: '08:00', end_time: '08:10'", f"start_time: '{hour_and_minute(opens)}', end_time: '{closes}'", 1),
    ]
    with Site(config, changes) as site:
        fire(site, on(NOTE, "one"), on({**NOTE, "alertname": "SystemNote", "component": "system"}, "two"), on(NOTE, "three"))
        check_escalation(site)
        check_warnings(site)
        if site.sent("digest") and site.sent("digest")[0][0] < opens:
            sys.exit("the daily message came before its time")
        check_digest(site, opens)


def check_burst(config):
    """An exporter that is down and all that it hides arrive at once, in the worst order: those on call hear of it alone."""
    hosts = [f"host-{i}" for i in range(20)]
    with Site(config, [("group_wait: 15m", "group_wait: 4s", 1)]) as site:
        hidden = [on({**DOWN, "alertname": "CacheRedisReplicaLinkDown"}, host) for host in hosts]
        down = [on({**DOWN, "alertname": "CacheExporterDown"}, host) for host in hosts]
        site.server.post(hidden + down, TEXTS)
        (_, message), = site.wait("page", 1)
        for _, body in site.wait("escalation", len(hosts)):
            if not body["payload"]["summary"].startswith("[CRITICAL] CacheExporterDown on host-"):
                sys.exit(f"hidden, but sent: {body}")
        site.nothing_more({"page": 1, "escalation": len(hosts)}, "alerts that are hidden from the first moment")
        if not message["payload"]["summary"].startswith(f"[CRITICAL: {len(hosts)} firing] CacheExporterDown"):
            sys.exit(f"not all in one message: {message}")
    print(f"critical: {len(hosts)} exporters down, with {len(hosts)} alerts that follow, are one message")


def check_missing_files(config):
    """The files of the receivers come later: it starts without, and sends what is due once they are there, by itself."""
    changes = [("group_interval: 1m\n", "group_interval: 1s\n", 1),
               ("group_wait: 5m\n( *)group_interval: 5m", r"group_wait: 1s\n\1group_interval: 1s", 1)]
    with Site(config, changes, secrets=()) as site:
        fire(site, DOWN, on(SLOW, "other"))
        for integration in ("pagerduty", "slack"):
            wait_for(f"failed message by {integration}",
                     lambda integration=integration: site.server.metric("alertmanager_notifications_failed_total", integration=integration))
        site.nothing_more({}, "without addresses")
        site.put("page.key")
        site.put("ticket.url")
        site.wait("page", 1)
        site.wait("ticket", 1)
    print("files: without them it starts and says that messages fail; with them it sends what is due, without a reload")


def main():
    config = sys.argv[1]
    check_burst(config)
    check_missing_files(config)
    check_restart(config)
    check_times(config)


main()
