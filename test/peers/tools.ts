// The tools of the feature definition, one for each thing that can happen during a call.
import { PNG, WATCHED_URI, WAV } from './catalogue.ts';
import { type Call, FeatureError, type Params, type Result } from './features.ts';

export interface Tool {
  name: string;
  title?: string;
  description: string;
  inputSchema: { type: 'object'; [keyword: string]: unknown };
  outputSchema?: { type: 'object'; [keyword: string]: unknown };
  annotations?: Record<string, unknown>;
  _meta?: Record<string, unknown>;
  run(args: Params, call: Call): Promise<Result>;
}

const string = { type: 'string' };
const object = (properties: Record<string, unknown> = {}): Tool['inputSchema'] => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});
const say = (...texts: string[]): Result => ({ content: texts.map((text) => ({ type: 'text', text })) });

// Calls of the tool "slow" by key, and how each ended: readable from any other call, whatever instance serves it.
const slowCalls = new Map<string, Promise<'cancelled' | 'finished'>>();

/** How long "slow" runs when nobody cancels it. Long enough for a cancellation, short enough to wait for. */
const SLOW_MS = 10_000;

/**
 * A JSON number that JavaScript cannot hold is written as this string, and the HTTP face of the SDK servers puts the
 * bare digits on the wire.
 */
export const bigInteger = (digits: string): string => `big-integer:${digits}`;

export const TOOLS: Tool[] = [
  {
    name: 'echo',
    title: 'Echo',
    description: 'Returns its arguments',
    inputSchema: { type: 'object', additionalProperties: true },
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    run: async (args) => say(JSON.stringify(args)),
  },
  {
    name: 'structured',
    description: 'Structured content with a schema, and members nobody knows',
    inputSchema: object({ city: string }),
    outputSchema: object({ city: string, degrees: { type: 'number' } }),
    run: async ({ city }) => ({
      ...say(`{"city":${JSON.stringify(city)},"degrees":-3.5}`),
      structuredContent: { city, degrees: -3.5 },
      _meta: { 'acme/took': 12, 'acme/nested': { a: [{}, [], '', null] } },
    }),
  },
  {
    name: 'big-integer',
    description: 'Integers that a double cannot hold',
    inputSchema: object(),
    run: async () => ({
      ...say('see structuredContent'),
      structuredContent: { n: bigInteger('12345678901234567890'), list: [bigInteger('9007199254740993')] },
    }),
  },
  {
    name: 'unicode',
    description: 'Ünïcödé – emoji 🧪, separators and controls',
    inputSchema: object(),
    _meta: { 'acme/größe': '大' },
    run: async () =>
      say('🧪 é e\u0301 \u2028\u2029 \u0000\u001f\u007f "\\/ 中文 \u{10FFFF}', '</script>\r\ndata: x\n\n'),
  },
  {
    name: 'fails',
    description: 'A failure of the tool itself',
    inputSchema: object(),
    run: async () => ({ ...say('the tool failed'), isError: true }),
  },
  {
    name: 'throws',
    description: 'A JSON-RPC error with data',
    inputSchema: object(),
    run: async () => {
      throw new FeatureError(-31999, 'refused on purpose', { reason: 'ünïcödé', list: [1, null] });
    },
  },
  {
    name: 'progress',
    description: 'Reports progress in four steps',
    inputSchema: object(),
    run: async (_, call) => {
      for (const step of [0, 1, 2.5, 4]) await report(call, step, { total: 4, message: `step ${step}` });
      return say(`token ${call.progressToken === undefined ? 'absent' : 'present'}`);
    },
  },
  {
    name: 'logs',
    description: 'Logs at four levels',
    inputSchema: object(),
    run: async (_, call) => {
      for (const level of ['debug', 'info', 'warning', 'error']) await call.log(level, { level, text: `at ${level}` });
      return say('logged');
    },
  },
  {
    name: 'slow',
    description: 'Runs until it is cancelled, or a while',
    inputSchema: object({ key: string }),
    run: async ({ key }, call) => {
      const ended = new Promise<'cancelled' | 'finished'>((resolve) => {
        const timer = setTimeout(() => resolve('finished'), SLOW_MS);
        call.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve('cancelled');
        });
      });
      slowCalls.set(String(key), ended);
      await report(call, 1, { message: 'started' });
      return say(await ended);
    },
  },
  {
    name: 'how-slow-ended',
    description: 'Waits for the end of a call of "slow" and tells what it was',
    inputSchema: object({ key: string }),
    run: async ({ key }) => say((await slowCalls.get(String(key))) ?? 'never started'),
  },
  {
    name: 'samples',
    description: 'Asks the client for a completion',
    inputSchema: object({ prompt: string }),
    run: async ({ prompt }, call) => {
      needs(call, 'sampling');
      const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
      const params = { messages, maxTokens: 64, temperature: 0.5, systemPrompt: 'Be brief.' };
      return say(JSON.stringify(await call.ask('sample', 'sampling/createMessage', params)));
    },
  },
  {
    name: 'elicits',
    description: 'Asks the user',
    inputSchema: object({ question: string }),
    run: async ({ question }, call) => {
      needs(call, 'elicitation');
      const requestedSchema = object({ name: { ...string, title: 'Name' }, age: { type: 'integer', minimum: 0 } });
      const params = { message: question, requestedSchema };
      return say(JSON.stringify(await call.ask('user', 'elicitation/create', params)));
    },
  },
  {
    name: 'elicits-page',
    description: 'Asks the user to visit a page',
    inputSchema: object({ url: string }),
    run: async ({ url }, call) => {
      needs(call, 'elicitation');
      const params = { mode: 'url', message: 'accept: open the page', url, elicitationId: `page ${String(url)}` };
      return say(JSON.stringify(await call.ask('page', 'elicitation/create', params)));
    },
  },
  {
    name: 'roots',
    description: 'Asks the client for its roots',
    inputSchema: object(),
    run: async (_, call) => {
      needs(call, 'roots');
      return say(JSON.stringify(await call.ask('roots', 'roots/list', {})));
    },
  },
  {
    name: 'asks-twice',
    description: 'Elicits, then samples, in one call',
    inputSchema: object(),
    run: async (_, call) => {
      needs(call, 'elicitation');
      needs(call, 'sampling');
      const requestedSchema = object({ name: string });
      const user = await call.ask('user', 'elicitation/create', { message: 'accept: who?', requestedSchema });
      const messages = [{ role: 'user', content: { type: 'text', text: JSON.stringify(user) } }];
      const model = await call.ask('model', 'sampling/createMessage', { messages, maxTokens: 8 });
      return say(JSON.stringify([user, model]));
    },
  },
  {
    name: 'remembers',
    description: 'Sends state through the client, where the revision has such a thing',
    inputSchema: object(),
    run: async (_, call) => {
      const state = 'sealed:"é"\\/\u2028+/=\u{1F512}';
      const back = await call.roundTrip(state);
      return say(back === undefined ? 'no state in this revision' : `state ${back === state ? 'intact' : back}`);
    },
  },
  {
    name: 'media',
    description: 'Image, audio, embedded resource and link',
    inputSchema: object(),
    run: async () => ({
      content: [
        { type: 'image', data: PNG, mimeType: 'image/png', annotations: { priority: 1, audience: ['assistant'] } },
        { type: 'audio', data: WAV, mimeType: 'audio/wav' },
        { type: 'resource', resource: { uri: 'acme://plain', mimeType: 'text/plain', text: 'embedded' } },
        { type: 'resource_link', uri: WATCHED_URI, name: 'watched', mimeType: 'text/plain', description: 'a link' },
      ],
    }),
  },
  {
    name: 'mirrored',
    description: 'Arguments that travel in headers too',
    inputSchema: {
      type: 'object',
      properties: { region: { ...string, 'x-mcp-header': 'Region' }, level: { type: 'integer' } },
    },
    run: async (args) => say(JSON.stringify(args)),
  },
  {
    name: 'announce',
    description: 'Announces a change of a list',
    inputSchema: object({ what: { ...string, enum: ['tools', 'prompts', 'resources'] } }),
    run: async ({ what }, call) => {
      await call.server.announce(what as 'tools');
      return say(`announced ${String(what)}`);
    },
  },
  {
    name: 'touch',
    description: 'Changes a resource',
    inputSchema: object({ uri: string }),
    run: async ({ uri }, call) => {
      await call.server.updated(String(uri));
      return say(`touched ${String(uri)}`);
    },
  },
  {
    name: 'await-roots-change',
    description: 'Waits until the client has said that its roots changed',
    inputSchema: object(),
    run: async (_, call) => {
      await call.server.rootsChanged();
      return say('the roots changed');
    },
  },
  {
    name: 'await-stream',
    description: 'Waits until the client listens to what is not part of an answer',
    inputSchema: object(),
    run: async (_, call) => {
      await call.server.streaming();
      return say('streaming');
    },
  },
];

async function report(call: Call, progress: number, more: Params): Promise<void> {
  const { progressToken } = call;
  if (progressToken !== undefined) await call.notify('notifications/progress', { progressToken, progress, ...more });
}

function needs(call: Call, capability: string): void {
  if (call.clientCapabilities[capability] === undefined) {
    throw new FeatureError(-32600, `This client did not declare ${capability}`);
  }
}
