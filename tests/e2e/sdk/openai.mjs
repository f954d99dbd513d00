// SPDX-License-Identifier: Apache-2.0
// node openai.mjs BASE_URL: the scenarios of the npm package `openai`.
import OpenAI from 'openai';
import { KEY, collect, first, run, sim, told } from './scenarios.mjs';

const baseURL = process.argv[2] + '/v1';
const client = new OpenAI({ apiKey: KEY, baseURL, maxRetries: 0 });
const model = 'sim-large';
const messages = (id, commands) => [{ role: 'user', content: sim(id, commands) }];
const chat = (id, commands, more = {}) => client.chat.completions.create({ model, messages: messages(id, commands), ...more });
const failing = (status, commands = '', more = {}) => () => chat('e' + status, `status=${status} ${commands}`, more);
const hasText = (chunk) => chunk.choices[0]?.delta?.content;

run({
  chat: () => chat('c1', 'in=20 out=10 cached=5 reasoning=3'),
  chat_gzip: () => chat('c2', 'in=21 out=11 gzip=1'),
  chat_choices: () => chat('c3', '', { n: 3 }),
  chat_tools: () => chat('c4', 'tools=1'),
  chat_unicode: () => client.chat.completions.create({
    model, messages: [{ role: 'system', content: 'Ω "quoted" \\ \u0001 😀' }, ...messages('c5', '')], seed: 2 ** 52,
  }),
  chat_long: () => chat('c6', 'frame=300KB'),
  stream: async () => collect(await chat('s1', 'in=30 out=12', { stream: true })),
  stream_usage: async () => collect(await chat('s2', 'in=31 out=13 cached=4', {
    stream: true, stream_options: { include_usage: true },
  })),
  stream_gzip: async () => collect(await chat('s3', 'gzip=1 delay=0.01', { stream: true })),
  stream_tools: async () => collect(await chat('s4', 'tools=1', { stream: true })),
  stream_choices: async () => collect(await chat('s5', 'obfuscation=1', { stream: true, n: 2 })),
  stream_crlf_pings: async () => collect(await chat('s6', 'crlf=1 ping=1', { stream: true })),
  stream_helper: () => client.chat.completions.stream({ model, messages: messages('s7', '') }).finalChatCompletion(),
  stream_large_frames: async () => collect(await chat('s8', 'frame=200KB chunks=3', { stream: true })),
  completions: () => client.completions.create({ model, prompt: sim('p1', 'in=9 out=4') }),
  completions_stream: async () => collect(await client.completions.create({
    model, prompt: sim('p2', 'in=9 out=4'), stream: true,
  })),
  embeddings: () => client.embeddings.create({ model, input: sim('m1', 'in=7') }),
  embeddings_float: () => client.embeddings.create({
    model, input: [sim('m2', 'in=8'), 'more'], encoding_format: 'float', dimensions: 1536,
  }),
  embeddings_gzip: () => client.embeddings.create({ model, input: sim('m3', 'in=7 gzip=1'), dimensions: 3072 }),
  responses: () => client.responses.create({ model, input: sim('r1', 'in=40 out=20 cached=8 reasoning=6') }),
  responses_stream: async () => collect(await client.responses.create({ model, input: sim('r2', 'in=41'), stream: true })),
  responses_incomplete: async () => collect(await client.responses.create({
    model, input: sim('r3', 'finish=length gzip=1'), stream: true,
  })),
  responses_failed: async () => collect(await client.responses.create({
    model, input: sim('r4', 'error=late:2:failed'), stream: true,
  })),
  responses_error_event: async () => collect(await client.responses.create({
    model, input: sim('r5', 'error=late:2:server_error'), stream: true,
  })),
  error_400: failing(400),
  error_401: failing(401),
  error_403: failing(403),
  error_404: failing(404),
  error_409: failing(409),
  error_422: failing(422),
  error_429: failing(429, 'retry_after=1', { model: 'openai-limited' }),
  error_quota: failing(429, 'code=insufficient_quota', { model: 'openai-quota' }),
  error_context: failing(400, 'code=context_length_exceeded'),
  error_500: failing(500),
  error_503: failing(503),
  error_gzip: failing(500, 'gzip=1'),
  error_late: async () => {
    const seen = [];
    try {
      for await (const chunk of await chat('f1', 'error=late:3:server_error', { stream: true })) seen.push(chunk);
    } catch (error) {
      return { seen, ...told(error) };
    }
    return { seen };
  },
  error_of_stream: () => chat('f2', 'status=500', { stream: true }),
  retried: () => client.withOptions({ maxRetries: 3 }).chat.completions.create({
    model, messages: messages('t1', 'fails=2 status=503 retry_after_ms=20'),
  }),
  retried_429: () => client.withOptions({ maxRetries: 3 }).chat.completions.create({
    model: 'openai-retried', messages: messages('t2', 'fails=2 status=429 retry_after_ms=20'),
  }),
  aborted_stream: async () => first(await chat('a1', 'chunks=30 delay=0.02', { stream: true }), 2, hasText),
  aborted_by_signal: async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    return client.chat.completions.create({ model, messages: messages('a2', 'delay_headers=5') }, { signal: controller.signal });
  },
  timed_out: () => client.withOptions({ timeout: 200 }).chat.completions.create({
    model, messages: messages('a3', 'delay_headers=5'),
  }),
  after_aborts: () => chat('z1', 'in=1 out=1'),
});
