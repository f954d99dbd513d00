// SPDX-License-Identifier: Apache-2.0
// Sends known numbers with a client of npm: send.js hot-shots|node-statsd PORT
"use strict";

const [name, port] = process.argv.slice(2);
const ROUNDS = 5000;

function hotShots() {
  const { StatsD } = require("hot-shots");
  const client = new StatsD({
    host: "127.0.0.1", port: Number(port), globalTags: { client: "hot-shots" }, maxBufferSize: 1432, bufferFlushInterval: 50,
    includeDatadogTelemetry: false, errorHandler: fail,
  });
  for (let i = 0; i < ROUNDS; ++i) {
    client.increment("cache.requests", 1, { cache: "users", tier: "l1", op: "get", result: i % 5 ? "hit" : "miss" });
    client.timing("cache.operation", i % 2 ? 4 : 40, { cache: "users", op: "get" });
    client.increment("cache.evictions", 2, ["cache:users"]);
  }
  client.distribution("cache.load", 250, { cache: "users" });
  client.gauge("cache.size", 1234567, { cache: "users" });
  for (const user of ["a", "b", "ü", "a"]) client.set("users", user);
  client.check("db.up", client.CHECKS.CRITICAL, { hostname: "h1", message: "no conn|x\ny" }, { svc: "pg" });
  client.event("título", "línea1\nb", { alert_type: "error" }, { svc: "pg" });
  client.close((error) => error && fail(error));
}

function nodeStatsd() {
  const Client = require("node-statsd");
  const client = new Client({ host: "127.0.0.1", port: Number(port), global_tags: ["client:node-statsd"] });
  client.socket.on("error", fail);
  let open = 0;
  const done = (error) => {
    if (error) fail(error);
    if (--open === 0) client.close();
  };
  const send = (method, ...values) => {
    ++open;
    client[method](...values, done);
  };
  for (let i = 0; i < ROUNDS / 10; ++i) {
    send("increment", "cache.requests", 1, 1, ["cache:users", "tier:l2", "result:" + (i % 5 ? "hit" : "miss")]);
    send("timing", "cache.operation", 7, 1, ["cache:users", "tier:l2"]);
  }
  send("gauge", "cache.size", 99, 1, ["cache:users", "tier:l2"]);
  send("unique", "users", "c", 1, []);
}

function fail(error) {
  console.error(String(error));
  process.exit(1);
}

({ "hot-shots": hotShots, "node-statsd": nodeStatsd })[name]();
