// SPDX-License-Identifier: Apache-2.0
// Drives opossum breakers from closed to open, half open, open, half open and closed, reported as the example of Node does
// it. Prints what the callers saw, as JSON: breaker_driver.mjs PORT
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const EXAMPLE = new URL("../../examples/circuit-breaker/node/", import.meta.url);
const { reportBreaker } = await import(new URL("report.mjs", EXAMPLE));
const require = createRequire(EXAMPLE);
const CircuitBreaker = require("opossum");
const { StatsD } = require("hot-shots");

const statsd = new StatsD({
  host: "127.0.0.1", port: Number(process.argv[2]), maxBufferSize: 1432, bufferFlushInterval: 20,
  globalTags: { instance: "driver", env: "test" }, includeDatadogTelemetry: false, errorHandler: fail,
});

function fail(error) {
  console.error(String(error));
  process.exit(1);
}

const RESULTS = { EOPENBREAKER: "rejected", ESEMLOCKED: "rejected", ETIMEDOUT: "timeout", EIGNORED: "ignored" };
const seen = {}; // of each breaker: calls by result, and milliseconds of those that were made

async function fire(breaker, ...args) {
  const own = (seen[breaker.name] ??= { calls: {}, ms: [] });
  const began = Date.now();
  let result = "success";
  try {
    await breaker.fire(...args);
  } catch (error) {
    result = RESULTS[error.code] ?? "failure";
  }
  own.calls[result] = (own.calls[result] ?? 0) + 1;
  if (result !== "rejected") own.ms.push(Date.now() - began);
}

const many = (times, ...args) => Promise.all(Array.from({ length: times }, () => fire(...args)));

async function until(condition) {
  while (!condition()) await sleep(5);
}

async function payments() {
  const work = async (ms, outcome) => {
    await sleep(ms);
    if (outcome === "fails") throw new Error("out of order");
    return outcome; // undefined and null are results, too
  };
  const breaker = new CircuitBreaker(work, { name: "payments", timeout: 400, resetTimeout: 300, volumeThreshold: 10, rollingCountTimeout: 60_000 });
  reportBreaker(breaker, statsd);
  await many(90, breaker, 20);
  await many(20, breaker, 100, null);
  await many(130, breaker, 25, "fails");
  if (!breaker.opened) fail("it did not open");
  await many(17, breaker, 1);
  await until(() => breaker.halfOpen);
  await Promise.all([fire(breaker, 10, "fails"), fire(breaker, 1)]); // one is let through
  if (!breaker.opened) fail("it did not open again");
  await until(() => breaker.halfOpen);
  await fire(breaker, 10, "works");
  if (!breaker.closed) fail("it did not close");
  await many(40, breaker, 30);
  await many(3, breaker, 1000);
}

async function stock() {
  const work = async (code) => {
    await sleep(30);
    if (code) throw Object.assign(new Error(code), { code });
  };
  const options = { name: "stock", capacity: 2, resetTimeout: 60_000, volumeThreshold: 5, errorThresholdPercentage: 80 };
  const breaker = new CircuitBreaker(work, { ...options, errorFilter: (error) => error.code === "EIGNORED" });
  const stop = reportBreaker(breaker, statsd, { name: "shelves", instance: "driver-2" });
  await many(5, breaker); // of five at once, two are let through
  await many(2, breaker, "EIGNORED");
  breaker.disable();
  stop();
}

async function orders() {
  const breaker = new CircuitBreaker(async () => {}, { name: "orders", enabled: false });
  reportBreaker(breaker, statsd);
  await fire(breaker); // a disabled breaker tells of no calls
}

await Promise.all([payments(), stock(), orders()]);
console.log(JSON.stringify(seen));
statsd.close((error) => (error ? fail(error) : process.exit(0)));
