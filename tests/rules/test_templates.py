#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The words of alerts/templates: what a real Alertmanager sends to a pager and to a chat, and what amtool makes of the mail.

usage: test_templates.py CONFIG
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

from alertmanager_server import wait_for
from alertmanager_site import Site

RUNBOOK = "https://docs.example.org/runbooks/%s.md"
DASHBOARD = "https://grafana.example.org/d/binnacle-cache-redis?var-instance=%s"
QUICK = [
    ("group_interval: 1m\n", "group_interval: 1s\n", 1),
    ("group_wait: 5m\n( *)group_interval: 5m", r"group_wait: 2s\n\1group_interval: 1s", 1),
]


def alert(name, severity, instance, description, dashboard=True, **labels):
    return ({"alertname": name, "severity": severity, "component": "cache", "job": "cache", "instance": instance, **labels},
            {"summary": "A Redis is not well.", "description": description, "runbook_url": RUNBOOK % name,
             "dashboard_url": (DASHBOARD if dashboard else "/d/binnacle-cache-redis?var-instance=%s") % urllib.parse.quote_plus(instance)})


def equal(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}:\n{json.dumps(got, indent=1)}\nnot\n{json.dumps(wanted, indent=1)}")


def contains(what, text, *parts):
    for part in parts:
        if part not in text:
            sys.exit(f"{what}: {part!r} is missing in\n{text}")


def lacks(what, text, *parts):
    for part in parts:
        if part in text:
            sys.exit(f"{what}: {part!r} is in\n{text}")


def wait_title(site, to, start):
    """The message whose title begins so."""
    def title(body):
        return body["attachments"][0]["title"] if "attachments" in body else body["payload"]["summary"]

    def found():
        return [body for _, body in site.sent(to) if title(body).startswith(start)]

    return wait_for(lambda: f"message {start} to {to} of\n{site.summary()}\n", found)[0]


def chosen_by(site, link):
    """The labels of the alerts that the matchers of a silence link choose, as Alertmanager itself understands them."""
    text = urllib.parse.unquote(re.fullmatch(r"http://[^/]+/#/silences/new\?filter=(.*)", link)[1])
    matchers = re.findall(r'\w+="(?:[^"\\]|\\.)*"', text)
    equal("matchers of a silence link", "{" + ",".join(matchers) + "}", text)
    query = "&".join("filter=" + urllib.parse.quote(matcher) for matcher in matchers)
    return [found["labels"] for found in site.server.send("GET", f"/api/v2/alerts?{query}")]


def check_pager(site):
    labels, texts = alert("CacheRedisDown", "critical", "app-a:9121", "The exporter gets no answer from app-a:9121.", target='a "b" c\\d+e&f')
    site.server.post([labels], texts)
    body = wait_title(site, "page", "[CRITICAL] CacheRedisDown on app-a:9121")
    payload = body["payload"]
    equal("pager", payload["summary"], "[CRITICAL] CacheRedisDown on app-a:9121: A Redis is not well.")
    equal("pager", [payload[key] for key in ("severity", "class", "component", "group")],
          ["critical", "CacheRedisDown", "cache", "cache"])
    contains("pager", payload["custom_details"]["alerts"], "The exporter gets no answer from app-a:9121.", texts["runbook_url"],
             texts["dashboard_url"], "FIRING since 2")
    links = {link["text"]: link["href"] for link in body["links"]}
    silence = links.pop("Silence")
    equal("links", links, {"Runbook": texts["runbook_url"], "Dashboard": texts["dashboard_url"]})
    site.server.post([{**labels, "target": "another"}], texts)
    equal("what the link silences", chosen_by(site, silence), [labels])
    site.server.resolve([labels, {**labels, "target": "another"}], texts)

    # A dashboard's address that is only a path cannot be followed from a pager.
    labels, texts = alert("CacheRedisAofFailing", "critical", "app-b:9121", "It cannot write.", dashboard=False)
    site.server.post([labels], texts)
    body = wait_title(site, "page", "[CRITICAL] CacheRedisAofFailing")
    equal("links", [link["text"] for link in body["links"]], ["Runbook", "Silence"])

    bare = {"alertname": "Strange", "severity": "critical"}
    site.server.post([bare])
    body = wait_title(site, "page", "[CRITICAL] Strange")
    equal("an alert without texts", (body["payload"]["summary"], [link["text"] for link in body["links"]]),
          ("[CRITICAL] Strange", ["Silence"]))
    contains("an alert without texts", body["payload"]["custom_details"]["alerts"], ": Strange\n")
    lacks("an alert without texts", json.dumps(body), "no value", "Runbook", "Dashboard")


def check_chat(site):
    one, texts = alert("CacheRedisFragmented", "warning", "app-a:9121", "Memory of <!channel> & co is in pieces.")
    site.server.post([one], texts)
    message = wait_title(site, "ticket", "[WARNING] CacheRedisFragmented")["attachments"][0]
    equal("chat", (message["title"], message["title_link"], message["color"]),
          ("[WARNING] CacheRedisFragmented on app-a:9121: A Redis is not well.", texts["runbook_url"], "warning"))
    line, silence = message["text"].split("\n")
    equal("chat", line, ":red_circle: Memory of &lt;!channel&gt; &amp; co is in pieces. "
          f"<{texts['dashboard_url']}|Dashboard> <{texts['runbook_url']}|Runbook>")
    equal("what the link silences", chosen_by(site, silence.removeprefix("<").removesuffix("|Silence>")), [one])

    site.server.resolve([one], texts)
    message = wait_title(site, "ticket", "[RESOLVED] CacheRedisFragmented")["attachments"][0]
    equal("resolved in chat", (message["title"], message["color"]),
          ("[RESOLVED] CacheRedisFragmented on app-a:9121: A Redis is not well.", "good"))
    contains("resolved in chat", message["text"], ":white_check_mark: Memory of")
    lacks("resolved in chat", message["text"], "Silence", "red_circle")

    many = [alert("CacheRedisSlowCommands", "warning", f"app-{i}:9121", f"Host {i} is slow.") for i in range(25)]
    site.server.send("POST", "/api/v2/alerts", [{"labels": labels, "annotations": texts} for labels, texts in many])
    message = wait_title(site, "ticket", "[WARNING: 25 firing] CacheRedisSlowCommands: A Redis")["attachments"][0]
    equal("lines of many", len(re.findall(r"Host \d+ is slow", message["text"])), 20)
    contains("many", message["text"], "These are the first 20 of 25.\n")
    equal("what the link silences", len(chosen_by(site, re.search(r"<([^<]*)\|Silence>", message["text"])[1])), 25)

    site.server.resolve([labels for labels, _ in many[:3]], many[0][1])
    wait_title(site, "ticket", "[WARNING: 22 firing, 3 resolved] CacheRedisSlowCommands: A Redis is not well.")

    site.server.post([{"alertname": "Stranger", "severity": "warning"}])
    message = wait_title(site, "ticket", "[WARNING] Stranger")["attachments"][0]
    equal("an alert without texts", (message["title"], message.get("title_link", ""), message["text"].split("\n")[0]),
          ("[WARNING] Stranger", "", ":red_circle: Stranger"))
    lacks("an alert without texts", json.dumps(message), "no value", "Runbook", "Dashboard")


def check_mail(config):
    """amtool renders with the same engine as a mail's `html`."""
    data = {"receiver": "mail", "status": "firing", "externalURL": "http://alertmanager.example.org", "groupLabels": {},
            "commonAnnotations": {}, "commonLabels": {"severity": "warning", "job": 'a "b" <c>'}, "alerts": []}
    for number, status in enumerate(["firing", "firing", "resolved"]):
        labels, texts = alert("CacheRedisSlowCommands", "warning", f"app-{number}:9121", f"Host {number} <b>is</b> slow.", dashboard=number != 1)
        data["alerts"].append({"status": status, "labels": labels, "annotations": texts, "startsAt": "2026-01-02T03:04:05Z"})
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(data, file)
        file.flush()
        html = subprocess.run(
            ["amtool", "template", "render", f"--template.glob={pathlib.Path(config).parent}/templates/*.tmpl", "--template.type=html",
             f"--template.data={file.name}", '--template.text={{ template "binnacle.mail" . }}'], check=True, stdout=subprocess.PIPE, text=True).stdout
    contains("mail", html, "[WARNING: 2 firing, 1 resolved] 3 alerts", "since 2026-01-02 03:04:05 UTC: Host 0 &lt;b&gt;is&lt;/b&gt; slow.",
             "<li>resolved: Host 2 &lt;b&gt;", f'href="{RUNBOOK % "CacheRedisSlowCommands"}">Runbook</a>')
    equal("dashboards in the mail", html.count("Dashboard</a>"), 1)
    link = re.search(r'href="([^"]*)">Silence', html)[1]
    equal("link in the mail", urllib.parse.unquote(link).split("filter=")[1], '{job="a \\"b\\" <c>",severity="warning"}')


def main():
    config = sys.argv[1]
    with Site(config, QUICK) as site:
        check_pager(site)
        print("pager: one alert, its links, a path for an address, an alert without texts; the silence link chooses that alert alone")
        check_chat(site)
        print("chat: one, many, some over, all over, without texts; text from outside cannot call a channel")
    check_mail(config)
    print("mail: links, and text from outside is only text")


main()
