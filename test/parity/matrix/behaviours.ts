// What client and server may do for each other, as a client sees it. A behaviour does what it says or throws; the code
// of an error that names one is the refusal that the table shows.
import { WATCHED_URI } from '../../peers/catalogue.ts';
import { VENDOR_METHOD } from '../../peers/features.ts';
import { answerInside } from '../stdio/normalise.ts';
import type { CallOptions, Subject } from '../stdio/subject.ts';

export interface Client {
  readonly subject: Subject;
  /** A key that no other client uses. */
  readonly key: string;
  /** Whether the server has a way to send what belongs to no request. */
  readonly streams: boolean;
}

export interface MatrixBehaviour {
  readonly name: string;
  run(client: Client): Promise<void>;
}

/** The other side says that it does not have it. */
export class Refused extends Error {}

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const UPDATED = 'notifications/resources/updated';

type Json = Record<string, unknown>;

/** Throws unless the two are the same JSON. */
function same(actual: unknown, expected: unknown): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`${found} instead of ${wanted}`);
}

/** The text of a tool's only content. */
async function textOf({ subject }: Client, tool: string, args: Json = {}, options?: CallOptions): Promise<string> {
  const { content } = (await subject.tool(tool, args, options)) as { content: { text: string }[] };
  return content[0]?.text ?? '';
}

async function errorCode(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => 'no error',
    (error: { code?: unknown }) => answerInside(error)?.error?.code ?? error.code,
  );
}

async function names(subject: Subject, method: string, member: string): Promise<{ names: unknown[]; pages: number }> {
  const found: unknown[] = [];
  let pages = 0;
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined, pages++) {
    const page = (await subject.request(method, cursor === undefined ? {} : { cursor })) as Json;
    found.push(...(page[member] as { name: string }[]).map(({ name }) => name));
    cursor = page.nextCursor as string | undefined;
  }
  return { names: found, pages };
}

const inPages = (method: string, member: string, least: number): MatrixBehaviour => ({
  name: `${method}, page by page`,
  async run({ subject }) {
    const { names: all, pages } = await names(subject, method, member);
    if ((pages < 2 && least > 1) || all.length < least) throw new Error(`${all.length} names on ${pages} pages`);
    same(new Set(all).size, all.length);
  },
});

/** Waits for a notification; says that there is none where the server has no stream for it. */
async function arrived({ subject, streams }: Client, mark: number, method: string): Promise<void> {
  if (streams) await subject.wire.notified(mark, method);
  else {
    await subject.tool('echo', {});
    if (count(subject, mark, method) === 0) throw new Refused('no stream');
  }
}

function count({ wire }: Subject, mark: number, method: string): number {
  return wire.since(mark).filter((event) => event.kind === 'notification' && event.method === method).length;
}

const asks = (name: string, tool: string, args: Json, answer: (text: string, subject: Subject) => void) => ({
  name,
  run: async (client: Client) => answer(await textOf(client, tool, args), client.subject),
});

/** Runs `act` while the client listens to what the filter asks for. */
async function listening(subject: Subject, filter: Json, act: () => Promise<void>): Promise<void> {
  const subscription = await subject.listen(filter);
  try {
    if (JSON.stringify(subscription.honored) !== JSON.stringify(filter)) throw new Refused('not acknowledged');
    await act();
  } finally {
    await subscription.close();
  }
}

export const BEHAVIOURS: readonly MatrixBehaviour[] = [
  inPages('tools/list', 'tools', 20),
  inPages('resources/list', 'resources', 4),
  inPages('resources/templates/list', 'resourceTemplates', 1),
  inPages('prompts/list', 'prompts', 4),
  {
    name: 'a call',
    async run(client) {
      const args = { text: 'ünïcödé 🧪 \u2028 "\\/', deep: [[{ a: null }], false, -0.5, 1e21] };
      same(JSON.parse(await textOf(client, 'echo', args)), args);
    },
  },
  {
    name: 'arguments mirrored into headers',
    async run(client) {
      const args = { region: ' Zürich \u{1F3D4} ', level: 3 };
      // A client learns from the list, or from a first error, which ones they are.
      await names(client.subject, 'tools/list', 'tools');
      same(JSON.parse(await textOf(client, 'mirrored', args)), args);
    },
  },
  {
    name: 'a structured result',
    async run({ subject }) {
      const { structuredContent } = (await subject.tool('structured', { city: 'Zürich' })) as Json;
      same(structuredContent, { city: 'Zürich', degrees: -3.5 });
    },
  },
  {
    name: 'a result that is an error',
    run: async ({ subject }) => same(((await subject.tool('fails')) as Json).isError, true),
  },
  {
    name: 'an error with data',
    async run({ subject }) {
      const { wire } = subject;
      const mark = wire.mark();
      same(await errorCode(subject.tool('throws')), -31999);
      const answers = wire.since(mark).filter(({ kind }) => kind === 'response');
      if (answers.length > 0) same(JSON.stringify(answers).includes('ünïcödé'), true);
    },
  },
  {
    name: 'resources/read and prompts/get',
    async run({ subject }) {
      const read = (await subject.request('resources/read', { uri: 'acme://notes/a%2Fb' })) as Json;
      same(
        (read.contents as Json[]).map(({ text }) => text),
        ['note a/b'],
      );
      const prompt = await subject.request('prompts/get', { name: 'letter', arguments: { to: 'Ödön', tone: 'kühl' } });
      same(JSON.stringify(prompt).includes('Ödön'), true);
    },
  },
  {
    name: 'resource not found',
    async run({ subject }) {
      const code = await errorCode(subject.request('resources/read', { uri: 'acme://nowhere' }));
      // Older revisions have a code of their own; their SDKs use either.
      same(code === -32602 || (code === -32002 && !subject.modern), true);
    },
  },
  {
    name: 'completion',
    async run({ subject }) {
      const argument = { name: 'to', value: 'par' };
      const ref = { type: 'ref/prompt', name: 'letter' };
      const { completion } = (await subject.request('completion/complete', { ref, argument })) as Json;
      same((completion as { values: string[] }).values.slice(0, 3), ['paris', 'park', 'party']);
    },
  },
  { name: 'ping', run: async ({ subject }) => void (await subject.request('ping')) },
  {
    name: "a vendor's request",
    async run({ subject }) {
      const heard = (await subject.request(VENDOR_METHOD, { 'acme/x': 'ü' })) as { heard: Json };
      same(heard.heard['acme/x'], 'ü');
    },
  },
  {
    name: 'an unknown method',
    run: async ({ subject }) => same(await errorCode(subject.request('nonsense/method', {})), -32601),
  },
  {
    name: 'progress',
    async run({ subject }) {
      const mark = subject.wire.mark();
      await subject.tool('progress', {}, { progress: true });
      const seen = subject.wire.since(mark).flatMap((event) => {
        return event.kind === 'notification' && event.method === 'notifications/progress' ? [event.params as Json] : [];
      });
      same(
        seen.map(({ progress, message }) => [progress, message]),
        [
          [0, 'step 0'],
          [1, 'step 1'],
          [2.5, 'step 2.5'],
          [4, 'step 4'],
        ],
      );
    },
  },
  {
    name: 'cancellation that reaches the server',
    async run(client) {
      const { subject, key } = client;
      const abort = new AbortController();
      const mark = subject.wire.mark();
      const call = subject.tool('slow', { key }, { signal: abort.signal, progress: true });
      await subject.wire.notified(mark, 'notifications/progress');
      abort.abort(new Error('enough'));
      await call.catch(() => {});
      const end = await textOf(client, 'how-slow-ended', { key });
      if (end !== 'cancelled') throw new Refused(end);
    },
  },
  {
    name: 'log messages of a level',
    async run(client) {
      const { subject, streams } = client;
      const level = 'warning';
      if (!subject.modern) await subject.request('logging/setLevel', { level });
      const mark = subject.wire.mark();
      await subject.tool('logs', {}, subject.modern ? { meta: { [LOG_LEVEL]: level } } : {});
      // On the stream of the session, which nothing orders with the answers of calls, this comes behind them.
      if (streams && !subject.modern) {
        await subject.tool('announce', { what: 'prompts' });
        await arrived(client, mark, 'notifications/prompts/list_changed');
      }
      const seen = subject.wire.since(mark).flatMap((event) => {
        return event.kind === 'notification' && event.method === 'notifications/message' ? [event.params as Json] : [];
      });
      const levels = seen.map((message) => message.level);
      if (levels.includes('debug')) throw new Refused('every level');
      same(levels, ['warning', 'error']);
    },
  },
  asks('elicitation: a form', 'elicits', { question: 'accept: who?' }, (text) => {
    same(JSON.parse(text), { action: 'accept', content: { name: 'Zoë "Z" \u{1F600}', age: 41 } });
  }),
  asks('elicitation: declined', 'elicits', { question: 'decline' }, (text) => {
    same(JSON.parse(text), { action: 'decline' });
  }),
  asks('elicitation: a page', 'elicits-page', { url: 'https://page.example/a?b=ü' }, (text) => {
    same(JSON.parse(text), { action: 'accept' });
  }),
  asks('sampling', 'samples', { prompt: 'say "ü"' }, (text) => {
    const { role, content } = JSON.parse(text) as { role: string; content: { text: string } };
    same([role, content.text.includes('say \\"ü\\"')], ['assistant', true]);
  }),
  asks('roots', 'roots', {}, (text, { roots }) => same(JSON.parse(text), { roots })),
  asks('two questions, one after the other', 'asks-twice', {}, (text) => {
    const [user, model] = JSON.parse(text) as [Json, Json];
    same([user.action, model.role], ['accept', 'assistant']);
  }),
  {
    name: 'questions of calls at the same time',
    async run(client) {
      const one = async (n: number): Promise<void> => {
        const [tool, args, wanted]: [string, Json, string] =
          n % 2 ? ['samples', { prompt: `p${n}` }, `p${n}`] : ['elicits', { question: `accept ${n}` }, 'accept'];
        same((await textOf(client, tool, args)).includes(wanted), true);
      };
      await Promise.all([1, 2, 3, 4, 5, 6].map(one));
    },
  },
  {
    name: 'subscriptions to a resource',
    async run(client) {
      const { subject } = client;
      const update = async (): Promise<void> => {
        const mark = subject.wire.mark();
        await subject.tool('touch', { uri: WATCHED_URI });
        await arrived(client, mark, UPDATED);
      };
      if (subject.modern) return listening(subject, { resourceSubscriptions: [WATCHED_URI] }, update);
      await subject.request('resources/subscribe', { uri: WATCHED_URI });
      await update();
      await subject.request('resources/unsubscribe', { uri: WATCHED_URI });
    },
  },
  {
    name: 'list changes',
    async run(client) {
      const { subject } = client;
      for (const what of ['tools', 'prompts', 'resources']) {
        const change = async (): Promise<void> => {
          const mark = subject.wire.mark();
          await subject.tool('announce', { what });
          await arrived(client, mark, `notifications/${what}/list_changed`);
        };
        if (subject.modern) await listening(subject, { [`${what}ListChanged`]: true }, change);
        else await change();
      }
    },
  },
];
