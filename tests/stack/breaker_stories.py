# SPDX-License-Identifier: Apache-2.0
"""Applications whose breakers open and close by the clock, as their HTTP pages tell of them: resilience4j's actuator, Envoy's
admin interface, a Hystrix stream and a JSON page."""

import collections
import datetime
import json
import threading
import time

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"
LEGS = ((CLOSED, 12.0), (OPEN, 5.0), (HALF_OPEN, 3.0))  # seconds
CYCLE = sum(seconds for _, seconds in LEGS)


class Story:
    """A breaker's life: closed, open and half-open in turns, `late` seconds behind the first; `calls` a second."""

    def __init__(self, late=0.0, calls=20.0):
        self.began, self.calls = time.time() - late, calls

    def at(self, moment=None):
        """(state, since when it is in it)."""
        moment = time.time() if moment is None else moment
        into = (moment - self.began) % CYCLE
        for state, seconds in LEGS:
            if into < seconds:
                return state, moment - into
            into -= seconds
        raise AssertionError("a cycle is as long as its legs")

    def state(self):
        return self.at()[0]

    def count(self, share=1.0):
        """How many calls there were, or that share of them."""
        return int((time.time() - self.began) * self.calls * share)

    def failure_ratio(self):
        return {CLOSED: 0.1, OPEN: 0.6, HALF_OPEN: 0.3}[self.state()]


def java_time(moment):
    """As Java writes a ZonedDateTime."""
    stamp = datetime.datetime.fromtimestamp(moment, datetime.timezone(datetime.timedelta(hours=1)))
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.%f") + "+01:00[Europe/Berlin]"


class Actuator:
    """An application on Spring Boot with resilience4j: each breaker keeps the last 100 of its events."""

    def __init__(self, stories):
        self.stories, self.told = stories, time.time()
        self.rings = {name: collections.deque(maxlen=100) for name in stories}
        self.refused = dict.fromkeys(stories, 0)
        self.lock = threading.Lock()

    def pages(self):
        return {"/actuator/circuitbreakers": lambda _: self.breakers(), "/actuator/circuitbreakerevents": lambda _: self.events()}

    def catch_up(self):
        """Lets happen what has not been told yet, in steps of a call each."""
        now = time.time()
        for name, story in self.stories.items():
            step, moment, state = 1 / story.calls, self.told, story.at(self.told)[0]
            while (moment := moment + step) <= now:
                before, state = state, story.at(moment)[0]
                if state != before:
                    self.add(name, "STATE_TRANSITION", moment, change=f"{before}_to_{state}".upper())
                    self.refused[name] = 0
                if state == OPEN:
                    self.refused[name] += 1
                    self.add(name, "NOT_PERMITTED", moment)
                else:
                    failed = int(moment * story.calls) % 10 == 0
                    self.add(name, "ERROR" if failed else "SUCCESS", moment, took=7,
                             error="java.io.IOException: reset" if failed else None)
        self.told = now

    def add(self, name, kind, moment, took=None, error=None, change=None):
        self.rings[name].append({"circuitBreakerName": name, "type": kind, "creationTime": java_time(moment),
                                 "errorMessage": error, "durationInMs": took, "stateTransition": change})

    def breakers(self):
        with self.lock:
            self.catch_up()
            return json.dumps({"circuitBreakers": {name: self.details(name, story) for name, story in self.stories.items()}})

    def details(self, name, story):
        known = story.state() != HALF_OPEN
        return {"failureRate": f"{story.failure_ratio() * 100}%" if known else "-1.0%",
                "slowCallRate": "2.5%" if known else "-1.0%", "failureRateThreshold": "50.0%", "slowCallRateThreshold": "100.0%",
                "bufferedCalls": 100 if known else 3, "failedCalls": 10, "slowCalls": 2, "slowFailedCalls": 0,
                "notPermittedCalls": self.refused[name], "state": story.state().upper()}

    def events(self):
        with self.lock:
            self.catch_up()
            return json.dumps({"circuitBreakerEvents": [event for ring in self.rings.values() for event in ring]})


class Envoy:
    """An Envoy's admin interface: clusters with thresholds, an outlier detection, and a host that it takes out at times."""

    LIMITS = {"max_connections": 100, "max_pending_requests": 50, "max_requests": 200, "max_retries": 3}

    def __init__(self, stories):
        self.stories = stories

    def pages(self):
        return {"/stats": lambda _: self.stats(), "/clusters": lambda _: self.clusters()}

    def stats(self):
        found = []
        for cluster, story in self.stories.items():
            busy = story.state() == OPEN
            values = {
                "circuit_breakers.default.cx_open": 0, "circuit_breakers.default.cx_pool_open": 0,
                "circuit_breakers.default.rq_open": 0, "circuit_breakers.default.rq_pending_open": int(busy),
                "circuit_breakers.default.rq_retry_open": 0, "circuit_breakers.high.rq_pending_open": 0,
                "circuit_breakers.high.rq_open": 0, "circuit_breakers.high.cx_open": 0,
                "upstream_cx_active": 80 if busy else 12, "upstream_rq_active": 150 if busy else 20,
                "upstream_rq_pending_active": 50 if busy else 1, "upstream_rq_retry_active": 0,
                "upstream_cx_overflow": story.count(0.001), "upstream_cx_pool_overflow": 0,
                "upstream_rq_pending_overflow": story.count(0.02), "upstream_rq_retry_overflow": story.count(0.002),
                "upstream_rq_total": story.count(), "upstream_rq_2xx": story.count(0.9), "upstream_rq_4xx": story.count(0.02),
                "upstream_rq_5xx": story.count(0.08), "upstream_rq_timeout": story.count(0.01),
                "membership_healthy": 1 if busy else 2, "membership_total": 2,
                "outlier_detection.ejections_active": int(busy), "outlier_detection.ejections_enforced_total": story.count(0.005),
                "outlier_detection.ejections_overflow": 0}
            found += [{"name": f"cluster.{cluster}.{name}", "value": value} for name, value in values.items()]
        return json.dumps({"stats": found})

    def clusters(self):
        return json.dumps({"cluster_statuses": [{
            "name": cluster, "added_via_api": True, "observability_name": cluster,
            "circuit_breakers": {"thresholds": [self.LIMITS, {"priority": "HIGH", **self.LIMITS}]},
            "host_statuses": [self.host(10, False), self.host(11, story.state() == OPEN)],
        } for cluster, story in self.stories.items()]})

    @staticmethod
    def host(number, out):
        return {"address": {"socket_address": {"address": f"10.0.0.{number}", "port_value": 8080}},
                "stats": [{"name": "cx_connect_fail"}, {"name": "rq_total", "value": "5"}], "weight": 1,
                "health_status": {**({"failed_outlier_check": True} if out else {}), "eds_health_status": "HEALTHY"}}


class Hystrix:
    """A stream that tells of each command in turns."""

    def __init__(self, stories):
        self.stories = stories

    def text(self):
        return "".join(f"data: {json.dumps(self.event(name, story))}\n\n" for name, story in self.stories.items()) + "ping: \n\n"

    @staticmethod
    def event(name, story):
        failed = int(200 * story.failure_ratio())
        return {"type": "HystrixCommand", "name": name, "group": "shop", "currentTime": int(time.time() * 1000),
                "isCircuitBreakerOpen": story.state() != CLOSED, "errorPercentage": failed // 2, "errorCount": failed,
                "requestCount": 200, "rollingCountSuccess": 200 - failed, "rollingCountShortCircuited": 7,
                "latencyExecute_mean": 12, "latencyExecute": {"0": 1, "25": 5, "50": 9, "75": 14, "90": 30, "95": 45, "99": 80,
                                                              "99.5": 90, "100": 200},
                "propertyValue_circuitBreakerRequestVolumeThreshold": 20,
                "propertyValue_circuitBreakerErrorThresholdPercentage": 50,
                "propertyValue_circuitBreakerForceOpen": False, "propertyValue_circuitBreakerForceClosed": False,
                "propertyValue_circuitBreakerEnabled": True, "reportingHosts": 1, "threadPool": "shop"}


class JsonPage:
    """The shape that the exporter's JSON.md documents."""

    def __init__(self, stories):
        self.stories = stories

    def text(self):
        return json.dumps({"breakers": [self.one(name, story) for name, story in self.stories.items()]})

    @staticmethod
    def one(name, story):
        state, since = story.at()
        calls = {result: story.count(share) for result, share in
                 {"success": 0.8, "failure": 0.1, "timeout": 0.03, "slow": 0.02, "ignored": 0.01, "rejected": 0.04}.items()}
        return {"name": name, "instance": "worker-1", "state": state, "since": since, "failure_ratio": story.failure_ratio(),
                "failure_ratio_threshold": 0.5, "slow_call_ratio": 0.02, "slow_call_ratio_threshold": 0.8, "window_calls": 100,
                "slow_call_threshold_seconds": 1.5, "minimum_calls": 10,
                "consecutive_failures": 0 if state == CLOSED else 5, "calls": calls}
