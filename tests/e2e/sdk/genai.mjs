// SPDX-License-Identifier: Apache-2.0
// node genai.mjs BASE_URL: the scenarios of @google/genai.
import { GoogleGenAI } from '@google/genai';
import { KEY, collect, first, run, sim, told } from './scenarios.mjs';

const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: process.argv[2] } });
const model = 'sim-gemini';
const generate = (id, commands, config = {}) => client.models.generateContent({ model, contents: sim(id, commands), config });
const stream = (id, commands, config = {}) =>
  client.models.generateContentStream({ model, contents: sim(id, commands), config });
const failing = (status, commands = '') => () => generate('e' + status, `status=${status} ${commands}`);

/** An answer without the reply's headers, which differ by what passes them on. */
function body(answer) {
  const { sdkHttpResponse, ...rest } = answer;
  return rest;
}
const bodies = async (answers) => (await collect(await answers)).map(body);

run({
  generate: async () => body(await generate('g1', 'in=60 out=30 cached=12 tool=3 reasoning=7')),
  generate_gzip: async () => body(await generate('g2', 'gzip=1')),
  generate_tools: async () => body(await generate('g3', 'tools=1')),
  stream: () => bodies(stream('s1', 'in=61 out=31 reasoning=8')),
  stream_gzip: () => bodies(stream('s2', 'gzip=1 delay=0.01')),
  stream_length: () => bodies(stream('s3', 'finish=length')),
  embed: async () => body(await client.models.embedContent({ model, contents: sim('m1', 'in=5') })),
  embed_many: async () => body(await client.models.embedContent({ model, contents: [sim('m2', 'in=6'), 'more'] })),
  count_tokens: async () => body(await client.models.countTokens({ model, contents: sim('n1', 'in=66') })),
  error_400: failing(400),
  error_401: failing(401),
  error_403: failing(403),
  error_404: failing(404),
  error_429: () => client.models.generateContent({
    model: 'gemini-limited', contents: sim('e429', 'status=429 retry_after=17'),
  }),
  error_500: failing(500),
  error_503: failing(503),
  error_of_stream: () => bodies(stream('f1', 'status=503')),
  error_late: async () => {
    const seen = [];
    try {
      for await (const answer of await stream('f2', 'error=late:2:UNAVAILABLE')) seen.push(body(answer));
    } catch (error) {
      return { seen, ...told(error) };
    }
    return { seen };
  },
  aborted_stream: async () => (await first(await stream('a1', 'chunks=30 out=60 delay=0.02'), 2, () => true)).map(body),
  aborted_by_signal: async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    return body(await generate('a2', 'delay_headers=5', { abortSignal: controller.signal }));
  },
  after_aborts: async () => body(await generate('z1', '')),
});
