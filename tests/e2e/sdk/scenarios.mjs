// SPDX-License-Identifier: Apache-2.0
// Runs an SDK's scenarios one after the other and prints one JSON object: what each of them gave or threw.

export const KEY = 'sk-sim-0123456789abcdef';

/** A prompt that tells the simulated provider what to answer. */
export function sim(id, commands = '') {
  return `Say something. sim: id=${id} ${commands}`;
}

/** What can be told of an error without its stack: the class and what typed errors have. */
export function told(error) {
  const found = { class: error?.constructor?.name, message: error?.message };
  for (const name of ['name', 'status', 'statusCode', 'type', 'code', 'param', 'isRetryable', 'reason']) {
    if (error?.[name] !== undefined) found[name] = error[name];
  }
  if (error?.lastError) found.lastError = told(error.lastError);
  return { threw: found };
}

/** All that a stream gives. */
export async function collect(stream) {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** The first `count` things of a stream that `wanted` likes, and then leaves it. */
export async function first(stream, count, wanted) {
  const all = [];
  for await (const item of stream) {
    if (wanted(item)) all.push(item);
    if (all.length === count) break;
  }
  return all;
}

export async function run(scenarios) {
  const results = {};
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      results[name] = (await scenario()) ?? null;
    } catch (error) {
      results[name] = told(error);
    }
  }
  process.stdout.write(JSON.stringify(results), () => process.exit(0));
}
