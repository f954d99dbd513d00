# SPDX-License-Identifier: Apache-2.0
"""What hides what: (title, labels that must be equal, alerts, positions of those that are hidden). All alerts of a case
fire at once. Of each hidden alert, a copy with one of these labels changed must stay visible.
"""
HOST = {"job": "node", "instance": "host-a:9100", "component": "system"}
OTHER = {**HOST, "instance": "host-b:9100"}
SHOP = {"job": "postgres-pool", "instance": "db-a:9187", "component": "postgres", "target": "shop"}
STOCK = {**SHOP, "target": "stock"}
CARTS = {"job": "cache", "instance": "app-a:9121", "component": "cache", "target": "carts"}
USERS = {**CARTS, "target": "users"}
SESSIONS = {**CARTS, "target": "sessions"}
PAYMENTS = {"job": "circuit-breaker", "instance": "edge-a:9910", "component": "circuit-breaker", "source": "shop",
            "breaker": "payments"}
ORDERS = {**PAYMENTS, "breaker": "orders"}
GATEWAY = {"job": "ai-gateway", "instance": "gw-a:9911", "component": "ai-gateway"}
CHAT = {**GATEWAY, "model": "chat"}
EMBED = {**GATEWAY, "model": "embed"}
OPENAI = {**GATEWAY, "upstream": "openai"}
APP = {"job": "shop", "component": "application"}
APP_INSTANCE = {**APP, "instance": "shop-1:8000"}


def critical(of, alert, **labels):
    return {**of, "alertname": alert, "severity": "critical", **labels}


def warning(of, alert, **labels):
    return {**of, "alertname": alert, "severity": "warning", **labels}


def info(of, alert, **labels):
    return {**of, "alertname": alert, "severity": "info", **labels}


def without(alert, *names):
    return {name: value for name, value in alert.items() if name not in names}


CASES = [
    ("an exporter that is down hides its own host's alerts, not itself and not another host's", ["job", "instance"], [
        critical(HOST, "SystemExporterDown"),
        warning(HOST, "SystemMemoryLow"),
        critical(HOST, "SystemDiskAlmostFull", mountpoint="/"),
        warning(OTHER, "SystemMemoryLow"),
        warning(HOST, "SomethingElse", component="cache"),
    ], {1, 2}),
    ("a critical alert hides the warning of the same name on the same host", ["alertname", "job", "instance"], [
        critical(HOST, "SystemMemoryLow"),
        warning(HOST, "SystemMemoryLow"),
        info(HOST, "SystemMemoryLow"),
        warning(OTHER, "SystemMemoryLow"),
        warning(HOST, "SystemIoPressure"),
        critical(HOST, "SystemIoPressure", instance="host-c:9100"),
    ], {1, 2}),
    ("a warning hides what is told in the daily message, not what calls somebody", ["alertname", "job", "instance"], [
        warning(HOST, "SystemMemoryLow"),
        info(HOST, "SystemMemoryLow"),
        info(OTHER, "SystemMemoryLow"),
    ], {1}),
    ("a critical alert on one filesystem does not hide another filesystem's warning", ["mountpoint", "device"], [
        critical(HOST, "SystemDiskAlmostFull", mountpoint="/", device="/dev/sda1"),
        warning(HOST, "SystemDiskAlmostFull", mountpoint="/", device="/dev/sda1"),
        warning(HOST, "SystemDiskAlmostFull", mountpoint="/data", device="/dev/sdb1"),
    ], {1}),
    ("an alert of somebody else on a target that is down hides ours on that target", ["job", "instance"], [
        critical(without(HOST, "component"), "InstanceDown"),
        warning(HOST, "SystemMemoryLow"),
        critical(HOST, "SystemDiskAlmostFull", mountpoint="/"),
        warning(OTHER, "SystemMemoryLow"),
        critical(without(HOST, "component"), "SomethingElse"),
        critical(SHOP, "PostgresServerDown"),
    ], {1, 2}),
    ("our alert on an exporter that is down hides somebody else's on the same target", ["job", "instance"], [
        critical(HOST, "SystemExporterDown"),
        critical(without(HOST, "component"), "InstanceDown"),
        critical(without(OTHER, "component"), "InstanceDown"),
    ], {1}),
    ("an alert of somebody else without an instance hides nothing", [], [
        critical({"job": "node"}, "TargetDown"),
        warning({"job": "node", "component": "system"}, "SystemMemoryLow"),
        warning(HOST, "SystemMemoryLow"),
    ], set()),
    ("a kill in a container hides the same host's own kill alert", ["job", "instance"], [
        warning(HOST, "SystemContainerOomKill", cgroup="/app"),
        warning(HOST, "SystemOomKill"),
        warning(OTHER, "SystemOomKill"),
    ], {1}),
    ("a database server that is down hides its own alerts, not another server's of the same exporter",
     ["job", "instance", "target"], [
         critical(SHOP, "PostgresServerDown"),
         warning(SHOP, "PostgresCollectorFailing", collector="locks"),
         warning(STOCK, "PostgresCollectorFailing", collector="locks"),
         warning(STOCK, "PostgresPoolPaused", name="orders"),
     ], {1}),
    ("an exporter of one server has no label target: the server that is down hides its own alerts all the same",
     ["job", "instance", "target"], [
         critical(without(SHOP, "target"), "PostgresBouncerDown"),
         warning(without(SHOP, "target"), "PostgresPoolPaused", name="orders"),
     ], {1}),
    ("an exporter that is down hides the alerts of all its servers", ["job", "instance"], [
        critical(without(SHOP, "target"), "PostgresExporterDown"),
        critical(SHOP, "PostgresServerDown"),
        warning(STOCK, "PostgresLongTransaction", datname="shop"),
        warning(HOST, "SystemMemoryLow"),
    ], {1, 2}),
    ("a critical alert on one database does not hide another database's warning", ["target", "datname"], [
        critical(SHOP, "PostgresLongTransaction", datname="orders"),
        warning(SHOP, "PostgresLongTransaction", datname="orders"),
        warning(SHOP, "PostgresLongTransaction", datname="stock"),
        warning(STOCK, "PostgresLongTransaction", datname="orders"),
    ], {1}),
    ("a Redis or Memcached that is down hides its own alerts, not another server's of the same exporter",
     ["job", "instance", "target"], [
         critical(CARTS, "CacheRedisDown"),
         warning(CARTS, "CacheCollectorFailing", collector="slowlog"),
         warning(USERS, "CacheRedisClientsBlocked"),
         critical(SESSIONS, "CacheMemcachedDown"),
         warning(SESSIONS, "CacheMemcachedEvictionsHigh"),
     ], {1, 4}),
    ("a cache exporter that is down hides the alerts of all its caches", ["job", "instance"], [
        critical(without(CARTS, "target"), "CacheExporterDown"),
        critical(CARTS, "CacheRedisDown"),
        warning(USERS, "CacheRedisEvictionsHigh"),
        warning(CARTS, "CacheRedisEvictionsHigh", instance="app-b:9121"),
        warning(SHOP, "PostgresCollectorFailing", collector="locks"),
    ], {1, 2}),
    ("a critical alert on one replica does not hide another replica's warning", ["slave_ip", "slave_port"], [
        critical(CARTS, "CacheRedisReplicaBehind", slave_ip="10.0.0.2", slave_port="6379"),
        warning(CARTS, "CacheRedisReplicaBehind", slave_ip="10.0.0.2", slave_port="6379"),
        warning(CARTS, "CacheRedisReplicaBehind", slave_ip="10.0.0.3", slave_port="6379"),
    ], {1}),
    ("a breaker that is open hides what follows from it, and its own warning, not another breaker's",
     ["job", "instance", "source", "breaker"], [
         critical(PAYMENTS, "CircuitBreakerOpenTooLong"),
         warning(PAYMENTS, "CircuitBreakerOpenTooLong"),
         warning(PAYMENTS, "CircuitBreakerRejectingCalls"),
         warning(PAYMENTS, "CircuitBreakerFailureRatioNearThreshold"),
         warning(PAYMENTS, "CircuitBreakerSlowCalls"),
         warning(PAYMENTS, "CircuitBreakerFlapping"),
         warning(ORDERS, "CircuitBreakerOpenTooLong"),
         warning(ORDERS, "CircuitBreakerRejectingCalls"),
     ], {1, 2, 3, 4, 7}),
    ("a breaker that was opened by hand hides that it refuses calls", ["job", "instance", "source", "breaker"], [
        warning(PAYMENTS, "CircuitBreakerForcedOpenForgotten", state="forced_open"),
        warning(PAYMENTS, "CircuitBreakerRejectingCalls"),
    ], {1}),
    ("a breaker that is open and critical hides what its caller suffers, not that the caller is down", ["service"], [
        critical(PAYMENTS, "CircuitBreakerOpenTooLong", service="shop"),
        critical(APP, "ApplicationErrorBudgetBurnFast", service="shop"),
        warning(APP_INSTANCE, "ApplicationRouteSlow", service="shop"),
        critical(APP_INSTANCE, "ApplicationDown", job="stock", service="shop"),
        critical(APP, "ApplicationErrorBudgetBurnFast", service="stock"),
        critical(SHOP, "PostgresServerDown", service="shop"),
    ], {1, 2}),
    ("a breaker that is open and a warning hides no critical alert of its caller", ["service"], [
        warning(PAYMENTS, "CircuitBreakerOpenTooLong", service="shop"),
        warning(APP, "ApplicationErrorBudgetBurnSlow", service="shop"),
        info(APP, "ApplicationRouteSlow", service="shop"),
        critical(APP, "ApplicationErrorBudgetBurnFast", job="stock", service="shop"),
        warning(APP_INSTANCE, "ApplicationDown", service="shop"),
    ], {1, 2}),
    ("a breaker that is open hides nobody's alerts where there is no label service", [], [
        critical(PAYMENTS, "CircuitBreakerOpenTooLong"),
        critical(APP, "ApplicationErrorBudgetBurnFast"),
        warning(APP, "ApplicationRouteSlow", service=""),
        warning(ORDERS, "CircuitBreakerOpenTooLong", service="shop"),
    ], set()),
    ("a limit that turns requests away hides that its breaker opens for moments", ["job", "instance", "source", "breaker"], [
        warning(PAYMENTS, "CircuitBreakerOverflow", resource="connections"),
        warning(PAYMENTS, "CircuitBreakerFlapping"),
        warning(ORDERS, "CircuitBreakerFlapping"),
    ], {1}),
    ("a source that is down hides the alerts of its breakers, not those of another source", ["job", "instance", "source"], [
        warning(without(PAYMENTS, "breaker"), "CircuitBreakerSourceDown"),
        warning(PAYMENTS, "CircuitBreakerFlapping"),
        warning(PAYMENTS, "CircuitBreakerFlapping", source="mesh"),
    ], {1}),
    ("a circuit-breaker exporter that is down hides what rests on it", ["job", "instance"], [
        critical(without(PAYMENTS, "source", "breaker"), "CircuitBreakerExporterDown"),
        warning(PAYMENTS, "CircuitBreakerSourceDown"),
        warning(ORDERS, "CircuitBreakerFlapping"),
        warning(ORDERS, "CircuitBreakerFlapping", instance="edge-b:9910"),
        warning(CARTS, "CacheRedisEvictionsHigh"),
    ], {1, 2}),
    ("an AI gateway that is down hides what rests on it, not another gateway's alerts", ["job", "instance"], [
        critical(GATEWAY, "AiGatewayExporterDown"),
        critical(CHAT, "AiGatewayErrorBudgetBurnFast"),
        warning(OPENAI, "AiGatewayProbeFailing", instance="gw-b:9911"),
    ], {1}),
    ("a model that no upstream serves hides that its requests fail, not those of another model",
     ["job", "instance", "model"], [
         critical(CHAT, "AiGatewayModelUnavailable"),
         critical(CHAT, "AiGatewayErrorBudgetBurnFast"),
         critical(CHAT, "AiGatewayErrorBudgetBurnSlow"),
         warning(CHAT, "AiGatewayFallbackInUse"),
         warning(CHAT, "AiGatewayClientRetriesHigh"),
         critical(EMBED, "AiGatewayErrorBudgetBurnFast"),
         warning(CHAT, "AiGatewayLatencyBudgetBurnSlow"),
     ], {1, 2, 3, 4}),
    ("a model that fails fast does so over the longer windows, too", ["job", "instance", "model"], [
        critical(EMBED, "AiGatewayErrorBudgetBurnFast"),
        warning(EMBED, "AiGatewayErrorBudgetBurnSlow"),
        warning(EMBED, "AiGatewayLatencyBudgetBurnSlow"),
    ], {1}),
    ("a model that is slow, the same", ["job", "instance", "model"], [
        critical(EMBED, "AiGatewayLatencyBudgetBurnFast"),
        warning(EMBED, "AiGatewayLatencyBudgetBurnSlow"),
        warning(EMBED, "AiGatewayErrorBudgetBurnSlow"),
    ], {1}),
    ("an open breaker hides what its upstream's callers see", ["job", "instance", "upstream"], [
        warning(OPENAI, "AiGatewayBreakerOpen", source="ai-gateway", breaker="openai"),
        warning(OPENAI, "AiGatewayProbeFailing"),
        warning(OPENAI, "AiGatewayUpstreamSlowerThanUsual"),
        warning(OPENAI, "AiGatewayStreamsBrokenOff", model="chat"),
        warning(OPENAI, "AiGatewayUpstreamSlowerThanUsual", upstream="other"),
    ], {1, 2, 3}),
    ("a budget that is spent hides the forecast, one that is nearly spent does not", ["job", "instance"], [
        critical(GATEWAY, "AiGatewayBudgetSpent"),
        warning(GATEWAY, "AiGatewayBudgetForecast"),
        warning(GATEWAY, "AiGatewaySpendSpike"),
        warning({**GATEWAY, "instance": "gw-b:9911"}, "AiGatewayBudgetSpent"),
        warning({**GATEWAY, "instance": "gw-b:9911"}, "AiGatewayBudgetForecast"),
    ], {1}),
    ("an application of which no instance is left hides its other alerts", ["job"], [
        critical(APP_INSTANCE, "ApplicationDown"),
        critical(APP, "ApplicationErrorBudgetBurnFast"),
        warning(APP_INSTANCE, "ApplicationRestarting"),
        critical(APP_INSTANCE, "ApplicationDown", instance="shop-2:8000"),
        warning(GATEWAY, "AiGatewaySpendSpike", job="shop"),
    ], {1, 2}),
    ("one instance of an application that is down hides nothing of the others", [], [
        warning(APP_INSTANCE, "ApplicationDown"),
        critical(APP, "ApplicationErrorBudgetBurnFast"),
    ], set()),
    ("an application that fails fast does so over the longer windows, too", ["job"], [
        critical(APP, "ApplicationErrorBudgetBurnFast"),
        warning(APP, "ApplicationErrorBudgetBurnSlow"),
        warning(APP, "ApplicationLatencyBudgetBurnSlow"),
    ], {1}),
    ("an application that is slow, the same", ["job"], [
        critical(APP, "ApplicationLatencyBudgetBurnFast"),
        warning(APP, "ApplicationLatencyBudgetBurnSlow"),
        warning(APP, "ApplicationErrorBudgetBurnSlow"),
    ], {1}),
] + [
    (f"{used_up} hides {forecast}", ["job", "instance", *labels], [
        critical(of, used_up, **{name: "one" for name in labels}),
        warning(of, forecast, component="capacity", **{name: "one" for name in labels}),
    ], {1})
    for of, used_up, forecast, labels in [
        (SHOP, "PostgresConnectionsNearLimit", "CapacityConnectionsForecast", ["target"]),
        (SHOP, "PostgresPoolClientsNearLimit", "CapacityClientsForecast", ["target"]),
        (SHOP, "PostgresXidHeadroomLow", "CapacityXidForecast", ["target", "datname"]),
        (HOST, "SystemInodesLow", "CapacityInodesForecast", ["mountpoint"]),
        (HOST, "SystemMemoryLow", "CapacityMemoryForecast", []),
        (HOST, "SystemProcessFileDescriptorsNearLimit", "CapacityDescriptorsForecast", ["groupname"]),
        (CARTS, "CacheRedisMemoryNearLimit", "CapacityRedisMemoryForecast", ["target"]),
    ]
]
