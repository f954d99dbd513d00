// SPDX-License-Identifier: Apache-2.0
// Tells the circuit-breaker exporter of an opossum breaker (9 and later), by a hot-shots client that has no prefix.

const RESEND = 10_000; // ms: so that an exporter that was started later knows it too
const STATUS = { closed: 0, half_open: 1, open: 2 };

function stateOf(breaker) {
  if (!breaker.enabled) return "disabled";
  if (breaker.opened) return "open";
  return breaker.halfOpen ? "half_open" : "closed";
}

/**
 * Reports `breaker` from now until its shutdown, or until the function that this returns is called.
 * options.name: the label `breaker` (else the breaker's own name); options.instance: the label `instance`.
 */
export function reportBreaker(breaker, statsd, { name = breaker.name, instance } = {}) {
  const tags = instance ? { breaker: name, instance } : { breaker: name };
  const sendState = (state) => statsd.check("circuit_breaker.state", STATUS[state] ?? 3, {}, { ...tags, state });
  const sendCall = (result, ms) => statsd.timing("circuit_breaker.call", ms, { ...tags, result });
  const sendRejected = () => statsd.increment("circuit_breaker.calls", 1, { ...tags, result: "rejected" });
  const sendStanding = () => {
    sendState(stateOf(breaker));
    statsd.gauge("circuit_breaker.failure_ratio_threshold", breaker.options.errorThresholdPercentage / 100, tags);
    statsd.gauge("circuit_breaker.minimum_calls", breaker.volumeThreshold, tags);
  };

  // opossum tells of its own errors twice: as what they are, and then as a failure (or as a success, if errorFilter says
  // so). `told` is the last that came as what it is; nothing is the same as a new object.
  let told = {};
  const listeners = {
    timeout: (error, ms) => {
      told = error;
      sendCall("timeout", ms);
    },
    semaphoreLocked: (error) => {
      told = error;
      sendRejected();
    },
    failure: (error, ms) => {
      if (error !== told) sendCall("failure", ms);
    },
    success: (result, ms) => {
      if (result !== told) sendCall(result instanceof Error ? "ignored" : "success", ms);
    },
    reject: sendRejected,
    open: () => sendState("open"),
    halfOpen: () => sendState("half_open"),
    close: () => sendState("closed"),
    shutdown: () => stop(),
  };
  for (const [event, listener] of Object.entries(listeners)) breaker.on(event, listener);
  const timer = setInterval(sendStanding, RESEND).unref();
  sendStanding();

  function stop() {
    clearInterval(timer);
    for (const [event, listener] of Object.entries(listeners)) breaker.off(event, listener);
    sendState("unknown");
  }
  return stop;
}
