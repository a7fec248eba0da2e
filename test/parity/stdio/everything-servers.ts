// The field's reference server, over both of its HTTP transports. It sends roots requests, updates and most log
// messages on its own stream instead of the request's, so most of what it does is compared loosely.
import {
  startServerEverythingHttp,
  startServerEverythingSse,
  startServerEverythingStdio,
} from '../../peers/server-everything.ts';
import type { Behaviour, Run } from './behaviour.ts';
import { inPages } from './behaviours.ts';
import type { Subject } from './subject.ts';
import type { Contender } from './suite.ts';
import type { Event } from './wire.ts';

const calls = (name: string, args: Record<string, unknown> = {}, title = name): Behaviour => ({
  name: title,
  run: async ({ tool }) => void (await tool(name, args)),
});
const asks = (method: string, params: Record<string, unknown>): Behaviour => ({
  name: `${method} ${JSON.stringify(params)}`,
  run: async ({ request }) => void (await request(method, params)),
});

const read = (uri: string): Behaviour => asks('resources/read', { uri });
const prompt = (name: string, args: Record<string, string>): Behaviour =>
  asks('prompts/get', { name, arguments: args });
const completion = (ref: Record<string, string>, name: string, value: string, known?: Record<string, string>) =>
  asks('completion/complete', { ref, argument: { name, value }, ...(known ? { context: { arguments: known } } : {}) });

const DOCUMENT = 'demo://resource/static/document/features.md';
const GZIP = { name: 'a.txt.gz', data: 'data:text/plain,compress%20me', outputType: 'resourceLink' };

async function rootsSynced(subject: Subject, mark: number): Promise<void> {
  await subject.wire.wait(mark, 'roots/list', (event) => event.kind === 'request' && event.method === 'roots/list');
  await subject.wire.notified(mark, 'notifications/message');
}

const BEHAVIOURS: Behaviour[] = [
  inPages('tools/list'),
  inPages('resources/list'),
  inPages('resources/templates/list'),
  inPages('prompts/list'),

  calls('echo', { message: 'ünïcödé 🧪 \u2028 "\\/' }),
  calls('echo', { message: 7 }, 'echo with a wrong argument'),
  ...['error', 'success', 'debug'].map((messageType) =>
    calls('get-annotated-message', { messageType, includeImage: true }, `get-annotated-message ${messageType}`),
  ),
  calls('get-env'),
  calls('get-resource-links', { count: 4 }),
  calls('get-resource-reference', { resourceType: 'Text', resourceId: 2 }),
  calls('get-resource-reference', { resourceType: 'Blob', resourceId: 3 }, 'get-resource-reference of a blob'),
  calls('get-structured-content', { location: 'Chicago' }),
  calls('get-sum', { a: 1e15, b: -0.25 }),
  calls('get-tiny-image'),
  calls('no-such-tool'),
  {
    name: 'trigger-long-running-operation with progress',
    run: async ({ tool }) => {
      await tool('trigger-long-running-operation', { duration: 0.2, steps: 4 }, { progress: true });
    },
  },
  calls('trigger-sampling-request', { prompt: 'say "ü"', maxTokens: 9 }),
  calls('trigger-elicitation-request'),
  calls('trigger-url-elicitation', { url: 'https://example.com/a?b=c', message: 'accept', elicitationId: 'e-1' }),
  {
    name: 'trigger-url-elicitation as an error',
    run: async ({ tool, key }) => {
      // The server answers differently when it is asked the same twice.
      await tool('trigger-url-elicitation', { url: 'https://example.com/x', elicitationId: key, errorPath: true });
    },
  },
  calls('get-roots-list'),

  read(DOCUMENT),
  read('demo://resource/dynamic/text/7'),
  read('demo://resource/dynamic/blob/7'),
  read('demo://resource/dynamic/text/none'),
  read('demo://nowhere'),
  prompt('simple-prompt', {}),
  prompt('args-prompt', { city: 'Zürich', state: 'ZH' }),
  prompt('args-prompt', {}),
  prompt('completable-prompt', { department: 'Sales', name: 'Eve' }),
  prompt('resource-prompt', { resourceType: 'Text', resourceId: '1' }),
  completion({ type: 'ref/prompt', name: 'completable-prompt' }, 'department', 'S'),
  completion({ type: 'ref/prompt', name: 'completable-prompt' }, 'name', '', { department: 'Support' }),
  completion({ type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' }, 'resourceId', '12'),
  asks('ping', {}),
  asks('nonsense/method', {}),
  asks('logging/setLevel', { level: 'debug' }),

  {
    name: 'subscribe, updated, unsubscribe',
    loose: true,
    async run(run) {
      await logged(run, () => run.request('resources/subscribe', { uri: DOCUMENT }));
      const updated = run.expectNotified('notifications/resources/updated');
      await run.tool('toggle-subscriber-updates');
      await updated();
      await run.tool('toggle-subscriber-updates');
      await logged(run, () => run.request('resources/unsubscribe', { uri: DOCUMENT }));
    },
  },
  {
    name: 'simulated logging',
    // One message with a random level.
    ignore: /^notifications\/message$/,
    async run(run) {
      await logged(run, () => run.tool('toggle-simulated-logging'));
      await run.tool('toggle-simulated-logging');
    },
  },
  {
    name: 'a change of roots',
    loose: true,
    async run({ subject, step, tool }) {
      const before = subject.roots;
      const mark = subject.wire.mark();
      subject.roots = [{ uri: 'file:///srv/zwei', name: 'zwei' }];
      await step(subject.notify('notifications/roots/list_changed'));
      await rootsSynced(subject, mark);
      await tool('get-roots-list');
      subject.roots = before;
    },
  },
  {
    // Late: the server keeps this resource for the whole process, and tells whoever made it before.
    name: 'gzip-file-as-resource changes the list of resources',
    async run(run) {
      const changed = run.expectNotified('notifications/resources/list_changed');
      await run.tool('gzip-file-as-resource', GZIP);
      await changed();
    },
  },
  {
    // Last over Streamable HTTP: SDK v1 resumes the stream of a call it has cancelled, a while later, and this server
    // replays everything it ever sent to that.
    name: 'a cancelled call leaves the connection as it was',
    // The resource of the previous behaviour, made again for another client.
    ignore: /resources\/list_changed$/,
    async run({ step, subject, tool }) {
      const abort = new AbortController();
      const mark = subject.wire.mark();
      const args = { duration: 1, steps: 4 };
      const call = step(subject.tool('trigger-long-running-operation', args, { signal: abort.signal, progress: true }));
      await subject.wire.notified(mark, 'notifications/progress');
      abort.abort(new Error('enough'));
      await call;
      await tool('echo', { message: 'still there' });
    },
  },
];

// Over Streamable HTTP this server replays events of all streams when one of them is resumed, to any client, as often
// as it resumes; over HTTP+SSE there is nothing to resume.
const TASK: Behaviour = {
  name: 'a task that asks the user before its result',
  loose: true,
  async run({ request, subject }) {
    const { wire } = subject;
    const mark = wire.mark();
    await request('tools/call', {
      name: 'simulate-research-query',
      arguments: { topic: 'python', ambiguous: true },
      task: { ttl: 60_000 },
    });
    // From the wire: SDK v2 knows no tasks, and takes the answer for a malformed result.
    const started = await wire.wait(mark, 'the task', ({ kind }) => kind === 'response');
    const { body } = started as Extract<Event, { kind: 'response' }>;
    const { taskId } = (body as { result: { task: { taskId: string } } }).result.task;
    await request('tasks/get', { taskId });
    await request('tasks/result', { taskId });
    await request('tasks/get', { taskId: 'none' });
  },
};

async function logged(run: Run, act: () => Promise<unknown>): Promise<void> {
  const arrived = run.expectNotified('notifications/message');
  await act();
  await arrived();
}

const shared = {
  clients: { 'SDK v1': { streams: true }, 'SDK v2 legacy': { streams: true } },
  // It asks for the roots a moment after the handshake and logs what it got: the last it does on its own account.
  settle: (subject: Subject) => rootsSynced(subject, 0),
  behaviours: BEHAVIOURS,
};

export const EVERYTHING_HTTP: Contender = {
  ...shared,
  name: 'server-everything over Streamable HTTP',
  start: startServerEverythingHttp,
  direct: 'http',
};

export const EVERYTHING_SSE: Contender = {
  ...shared,
  name: 'server-everything over HTTP+SSE',
  start: startServerEverythingSse,
  direct: 'sse',
  behaviours: [TASK, ...BEHAVIOURS],
};

export const EVERYTHING_STDIO: Contender = {
  ...shared,
  name: 'server-everything on stdio',
  start: startServerEverythingStdio,
  direct: 'stdio',
  // The variables of a process come from its host, which has another home for each client here.
  behaviours: [TASK, ...BEHAVIOURS].filter(({ name }) => name !== 'get-env'),
};
