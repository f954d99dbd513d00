// SPDX-License-Identifier: Apache-2.0
// node ai.mjs BASE_URL: the scenarios of `ai` with @ai-sdk/openai-compatible, which read streams by themselves.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateText, jsonSchema, streamText, tool } from 'ai';
import { KEY, collect, first, run, sim, told } from './scenarios.mjs';

const provider = createOpenAICompatible({ name: 'sim', apiKey: KEY, baseURL: process.argv[2] + '/v1', includeUsage: false });
const counting = createOpenAICompatible({ name: 'sim', apiKey: KEY, baseURL: process.argv[2] + '/v1', includeUsage: true });
const model = provider('sim-large');
const tools = {
  look_up: tool({
    description: 'Looks a place up.',
    inputSchema: jsonSchema({ type: 'object', properties: { place: { type: 'string' } } }),
  }),
};
const asked = (id, commands, more = {}) => ({ model, prompt: sim(id, commands), maxRetries: 0, ...more });

/** An answer's parts that are not of this run: no ids, times and headers of its own making. */
function answer({ text, finishReason, usage, toolCalls }) {
  return { text, finishReason, usage, toolCalls: toolCalls?.map(({ toolName, input }) => ({ toolName, input })) };
}

async function streamed(id, commands, more = {}) {
  const errors = [];
  const result = streamText({ ...asked(id, commands, more), onError: ({ error }) => errors.push(told(error)) });
  const texts = await collect(result.textStream);
  if (errors.length > 0) return { texts, errors };
  return { texts, finishReason: await result.finishReason, usage: await result.usage };
}

run({
  text: async () => answer(await generateText(asked('c1', 'in=20 out=10 cached=5 reasoning=3'))),
  text_gzip: async () => answer(await generateText(asked('c2', 'gzip=1'))),
  text_tools: async () => answer(await generateText(asked('c3', 'tools=1', { tools }))),
  stream: () => streamed('s1', 'in=30 out=12'),
  stream_usage: () => streamed('s2', 'in=31 out=13 cached=2', { model: counting('sim-large') }),
  stream_gzip: () => streamed('s3', 'gzip=1 delay=0.01'),
  stream_crlf_pings: () => streamed('s4', 'crlf=1 ping=1'),
  embeddings: async () => {
    const { embeddings, usage } = await embedMany({
      model: provider.textEmbeddingModel('sim-large'), values: [sim('m1', 'in=7'), 'more'], maxRetries: 0,
    });
    return { embeddings, usage };
  },
  error_400: () => generateText(asked('e400', 'status=400')),
  error_401: () => generateText(asked('e401', 'status=401')),
  error_429: () => generateText(asked('e429', 'status=429 retry_after=1', { model: provider('openai-limited') })),
  error_500: () => generateText(asked('e500', 'status=500')),
  error_of_stream: () => streamed('f1', 'status=503'),
  error_late: () => streamed('f2', 'error=late:3:server_error'),
  retried: async () => answer(await generateText(asked('t1', 'fails=1 status=503 retry_after_ms=20', { maxRetries: 2 }))),
  aborted_stream: async () => first(streamText(asked('a1', 'chunks=30 delay=0.02')).textStream, 2, () => true),
  after_aborts: async () => answer(await generateText(asked('z1', 'in=1 out=1'))),
});
