// SPDX-License-Identifier: Apache-2.0
// A shop with two breakers. Its payments are out of order for a third of each minute: app.mjs [HOST:PORT]
import { setTimeout as sleep } from "node:timers/promises";
import CircuitBreaker from "opossum";
import { StatsD } from "hot-shots";
import { reportBreaker } from "./report.mjs";

const [host, port] = (process.argv[2] ?? "127.0.0.1:9125").split(":");
const statsd = new StatsD({
  host, port: Number(port), maxBufferSize: 1432, bufferFlushInterval: 100, globalTags: { instance: "shop-1" }, errorHandler: () => {},
});

const CYCLE = 60_000, OUTAGE = 20_000; // ms
const CALL_EVERY = 50; // ms
const started = Date.now();

async function pay() {
  await sleep(5 + 20 * Math.random());
  if ((Date.now() - started) % CYCLE >= CYCLE - OUTAGE) throw new Error("payments are out of order");
}

async function stock() {
  await sleep(Math.random() < 0.02 ? 400 : 2 + 5 * Math.random());
}

const payments = new CircuitBreaker(pay, { name: "payments", timeout: 1000, resetTimeout: 3000, volumeThreshold: 10 });
const shelves = new CircuitBreaker(stock, { name: "stock", timeout: 250, resetTimeout: 3000, volumeThreshold: 10 });
for (const breaker of [payments, shelves]) {
  reportBreaker(breaker, statsd);
  for (const event of ["open", "halfOpen", "close"]) breaker.on(event, () => console.log(`${breaker.name}: ${event}`));
}

console.log(`reporting to ${host}:${port}`);
for (;;) {
  payments.fire().catch(() => {});
  shelves.fire().catch(() => {});
  await sleep(CALL_EVERY);
}
