// SPDX-License-Identifier: Apache-2.0
// node anthropic.mjs BASE_URL [PACKAGE]: the scenarios of @anthropic-ai/sdk, or of an older one under another name.
import { KEY, collect, first, run, sim, told } from './scenarios.mjs';

const { default: Anthropic } = await import(process.argv[3] ?? '@anthropic-ai/sdk');
const client = new Anthropic({ apiKey: KEY, baseURL: process.argv[2], maxRetries: 0 });
const model = 'sim-claude';
const request = (id, commands) => ({ model, max_tokens: 100, messages: [{ role: 'user', content: sim(id, commands) }] });
const create = (id, commands, more = {}) => client.messages.create({ ...request(id, commands), ...more });
const failing = (status, commands = '', more = {}) => () => create('e' + status, `status=${status} ${commands}`, more);
const hasText = (event) => event.type === 'content_block_delta';

/** What a stream gave until it threw. */
async function until_error(stream) {
  const seen = [];
  try {
    for await (const event of stream) seen.push(event);
  } catch (error) {
    return { seen, ...told(error) };
  }
  return { seen };
}

run({
  message: () => create('m1', 'in=50 out=20 cached=10 write_5m=6 write_1h=4 reasoning=5'),
  message_gzip: () => create('m2', 'in=51 gzip=1'),
  message_tools: () => create('m3', 'tools=1'),
  message_unicode: () => client.messages.create({
    model, max_tokens: 10, system: 'Ω "quoted" \\ 😀',
    messages: [{ role: 'user', content: [{ type: 'text', text: sim('m4') }] }],
  }),
  stream: async () => collect(await create('s1', 'in=52 out=21 cached=11 write_5m=3', { stream: true })),
  stream_helper: () => client.messages.stream(request('s2', 'in=53 out=22 reasoning=4')).finalMessage(),
  stream_null_delta: () => client.messages.stream(request('s3', 'in=54 cached=9 null_delta=1')).finalMessage(),
  stream_gzip: async () => collect(await create('s4', 'gzip=1 delay=0.01', { stream: true })),
  stream_tools: () => client.messages.stream(request('s5', 'tools=1')).finalMessage(),
  stream_pings: async () => collect(await create('s6', 'ping=1 crlf=1', { stream: true })),
  count_tokens: () => client.messages.countTokens({ model, messages: [{ role: 'user', content: sim('n1', 'in=77') }] }),
  error_400: failing(400),
  error_401: failing(401),
  error_403: failing(403),
  error_404: failing(404),
  error_413: failing(413),
  error_429: failing(429, 'retry_after=1', { model: 'anthropic-limited' }),
  error_spend_limit: failing(429, 'code=enforced_spend_limit_reached', { model: 'anthropic-quota' }),
  error_500: failing(500),
  error_529: failing(529),
  error_late: async () => until_error(await create('f1', 'error=late:2:overloaded_error', { stream: true })),
  error_first: async () => until_error(await create('f2', 'error=first:overloaded_error', { stream: true })),
  retried: () => client.withOptions({ maxRetries: 3 }).messages.create(request('t1', 'fails=2 status=529 retry_after_ms=20')),
  aborted_stream: async () => first(await create('a1', 'chunks=30 delay=0.02', { stream: true }), 2, hasText),
  aborted_by_signal: async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    return client.messages.create(request('a2', 'delay_headers=5'), { signal: controller.signal });
  },
  timed_out: () => client.withOptions({ timeout: 200 }).messages.create(request('a3', 'delay_headers=5')),
  with_bearer: () => new Anthropic({ authToken: KEY, apiKey: null, baseURL: process.argv[2], maxRetries: 0 })
    .messages.create(request('z1', '')),
});
