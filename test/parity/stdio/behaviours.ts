// Every behaviour of the feature servers, one entry each. An entry only acts: the right outcome is what the same client
// sees over a direct connection.

import { WATCHED_URI } from '../../peers/catalogue.ts';
import { VENDOR_METHOD } from '../../peers/features.ts';
import type { Behaviour, Run } from './behaviour.ts';
import { errorOf } from './normalise.ts';

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

const simple = (name: string, tool: string, args?: Record<string, unknown>): Behaviour => ({
  name,
  run: async ({ tool: call }) => void (await call(tool, args)),
});

const asks = (name: string, method: string, params?: Record<string, unknown>): Behaviour => ({
  name,
  run: async ({ request }) => void (await request(method, params)),
});

async function pages({ request }: Run, method: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = (await request(method, cursor === undefined ? {} : { cursor })) as { nextCursor?: string } | undefined;
    cursor = page?.nextCursor;
  } while (cursor !== undefined);
}

export const inPages = (method: string): Behaviour => ({
  name: `${method}, page by page`,
  run: (run) => pages(run, method),
});

export const BEHAVIOURS: Behaviour[] = [
  inPages('tools/list'),
  inPages('resources/list'),
  inPages('resources/templates/list'),
  inPages('prompts/list'),
  asks('a cursor nobody handed out', 'tools/list', { cursor: 'nowhere' }),

  simple('a tool without arguments', 'echo'),
  simple('arguments of every shape', 'echo', {
    text: 'ünïcödé 🧪 \u2028 "\\/',
    empty: { object: {}, list: [], string: '' },
    deep: [[[{ a: null }]], false, 0, -0.5, 1e21],
    '': 'no name',
    __proto: 'x',
  }),
  simple('structured content with a schema and _meta', 'structured', { city: 'Zürich' }),
  simple('integers beyond 2^53', 'big-integer'),
  simple('unicode, separators and controls', 'unicode'),
  simple('a failing tool', 'fails'),
  simple('a JSON-RPC error with data', 'throws'),
  simple('an unknown tool', 'no-such-tool'),
  simple('image, audio, embedded resource, link', 'media'),
  {
    name: 'arguments mirrored into headers, with a value that needs encoding',
    async run(run) {
      await run.tool('mirrored', { region: 'eu-west', level: 3 });
      await run.tool('mirrored', { region: ' Zürich \u{1F3D4} ' });
      await run.tool('mirrored', {});
    },
  },

  ...['acme://plain', 'acme://binary', 'acme://mit%20leerzeichen/ü', 'acme://meta', 'acme://notes/a%2Fb'].map((uri) =>
    asks(`read ${uri}`, 'resources/read', { uri }),
  ),
  asks('read an unknown resource', 'resources/read', { uri: 'acme://nowhere' }),
  asks('a prompt without arguments', 'prompts/get', { name: 'greeting' }),
  asks('a prompt with arguments', 'prompts/get', { name: 'letter', arguments: { to: 'Ödön', tone: 'kühl' } }),
  asks('a prompt with an image', 'prompts/get', { name: 'picture' }),
  asks('a prompt with a resource', 'prompts/get', { name: 'document' }),
  asks('an unknown prompt', 'prompts/get', { name: 'nowhere' }),
  asks('completion for a prompt', 'completion/complete', {
    ref: { type: 'ref/prompt', name: 'letter' },
    argument: { name: 'to', value: 'par' },
    context: { arguments: { tone: 'kühl' } },
  }),
  asks('completion for a template', 'completion/complete', {
    ref: { type: 'ref/resource', uri: 'acme://notes/{id}' },
    argument: { name: 'id', value: '' },
  }),

  asks('ping', 'ping'),
  asks('a vendor request', VENDOR_METHOD, { deep: { list: [1, { two: null }] }, 'acme/x': 'ü' }),
  asks('an unknown method', 'nonsense/method', { a: 1 }),
  asks('invalid params', 'tools/call', { name: 7 }),
  asks('no params where there must be some', 'resources/read'),
  {
    name: 'an unknown notification leaves the connection as it was',
    async run(run) {
      await run.step(run.subject.notify('notifications/nonsense', { a: 1 }));
      await run.tool('echo', { still: 'there' });
    },
  },

  {
    name: 'progress, in order and before the result',
    run: async ({ tool }) => void (await tool('progress', {}, { progress: true })),
  },
  simple('no progress without a token', 'progress'),
  {
    name: 'progress of concurrent calls',
    // The order between the streams is random; the order within each call is checked above.
    loose: true,
    async run({ step, subject }) {
      const calls = [1, 2, 3, 4].map(() => subject.tool('progress', {}, { progress: true }));
      await step(outcomes(calls));
    },
  },
  {
    name: 'log messages by level',
    async run({ tool, request }) {
      await tool('logs');
      await request('logging/setLevel', { level: 'warning' });
      await tool('logs');
      await request('logging/setLevel', { level: 'emergency' });
      await tool('logs');
      await request('logging/setLevel', { level: 'debug' });
      await tool('logs');
    },
  },
  {
    name: 'a log level that does not exist',
    async run({ tool, request }) {
      await request('logging/setLevel', { level: 'shouting' });
      await tool('logs');
    },
  },
  {
    name: 'a log level of one request',
    async run({ tool }) {
      await tool('logs', {}, { meta: { [LOG_LEVEL]: 'warning' } });
      await tool('logs', {}, { meta: { [LOG_LEVEL]: 'debug' } });
    },
  },
  {
    name: 'a cancelled call, seen by the server',
    async run({ step, subject, server, tool, key }) {
      const abort = new AbortController();
      const mark = subject.wire.mark();
      const call = step(subject.tool('slow', { key }, { signal: abort.signal, progress: true }));
      await subject.wire.notified(mark, 'notifications/progress');
      abort.abort(new Error('enough'));
      await call;
      // Without a session the notification reaches nobody. A server then learns of it at most from a closed stream,
      // which the SDKs' clients leave open.
      if (server.streams) await tool('how-slow-ended', { key });
      else await tool('echo', { still: 'there' });
    },
  },

  simple('sampling', 'samples', { prompt: 'say "ü"' }),
  simple('elicitation accepted', 'elicits', { question: 'accept: who are you?' }),
  simple('elicitation declined', 'elicits', { question: 'decline this' }),
  simple('elicitation cancelled', 'elicits', { question: 'cancel this' }),
  simple('two questions in one call', 'asks-twice'),
  simple('state that travels through the client', 'remembers'),
  {
    name: 'questions of concurrent calls',
    loose: true,
    async run({ step, subject }) {
      const calls = ['accept: a', 'decline: b', 'accept: c'].map((question) => subject.tool('elicits', { question }));
      await step(outcomes(calls));
    },
  },
  {
    name: 'roots, and a change of them',
    async run(run) {
      const { subject } = run;
      const before = subject.roots;
      await run.tool('roots');
      subject.roots = [
        { uri: 'file:///srv/zwei', name: 'zwei' },
        { uri: 'file:///srv/mit%20leerzeichen', name: 'drei "3"' },
      ];
      await run.step(subject.notify('notifications/roots/list_changed'));
      await run.tool('await-roots-change');
      await run.tool('roots');
      subject.roots = before;
    },
  },

  ...(['tools', 'prompts', 'resources'] as const).map(
    (what): Behaviour => ({
      name: `${what}/list_changed`,
      async run(run) {
        if (run.subject.modern) return listening(run, { [`${what}ListChanged`]: true }, () => announced(run, what));
        await announced(run, what);
      },
    }),
  ),
  {
    name: 'subscribe, updated, unsubscribe',
    async run(run) {
      if (run.subject.modern) {
        await listening(run, { resourceSubscriptions: [WATCHED_URI] }, () => touched(run));
      } else {
        await run.request('resources/subscribe', { uri: WATCHED_URI });
        await touched(run);
        await run.request('resources/unsubscribe', { uri: WATCHED_URI });
      }
      await run.tool('touch', { uri: WATCHED_URI });
      // A later message: an update that should not have been sent would have come before it.
      if (!run.subject.modern) await announced(run, 'tools');
      await run.tool('echo', { after: 'the last update' });
    },
  },
];

async function outcomes(calls: Promise<unknown>[]): Promise<unknown> {
  const settled = await Promise.allSettled(calls);
  return settled.map((call) => (call.status === 'fulfilled' ? call.value : errorOf(call.reason)));
}

async function announced(run: Run, what: 'tools' | 'prompts' | 'resources'): Promise<void> {
  const arrived = run.expectNotified(`notifications/${what}/list_changed`);
  await run.tool('announce', { what });
  await arrived();
}

async function touched(run: Run): Promise<void> {
  const arrived = run.expectNotified('notifications/resources/updated');
  await run.tool('touch', { uri: 'acme://nobody-watches' });
  await run.tool('touch', { uri: WATCHED_URI });
  await arrived();
}

/** Opens a listen stream around an act, and checks with a second, unopened kind of change that it filters. */
async function listening(run: Run, filter: Record<string, unknown>, act: () => Promise<void>): Promise<void> {
  const listen = run.subject.listen(filter);
  await run.step(listen.then(({ honored }) => honored));
  const subscription = await listen;
  for (const what of ['tools', 'prompts', 'resources']) {
    if (filter[`${what}ListChanged`] !== true) await run.tool('announce', { what });
  }
  await act();
  await subscription.close();
  // Over stdio, closing waits for nothing: only an answer shows that the end was read, before another client changes
  // what this one listened to.
  await run.tool('echo', { after: 'the subscription' });
}
