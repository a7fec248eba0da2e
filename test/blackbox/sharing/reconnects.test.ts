// 200 clients that connect, leave and come back at random, each four times, most of them without a word: no process ends,
// every call is answered, and a session that is still there goes on.
import { afterEach, expect, it } from 'vitest';
import { closeCounting, type Form, startCounting } from '../../peers/http/counting-server.ts';
import type { Ledger } from '../../peers/http/ledger.ts';
import { ModernClient } from '../../peers/http/modern-client.ts';
import { closeServings, type Serving, startServing } from '../../peers/http/serving.ts';
import { SseClient } from '../../peers/http/sse-client.ts';
import { StreamableClient } from '../../peers/http/streamable-client.ts';
import { startLocalCounting } from '../../peers/local/counting-local.ts';
import { opened } from '../../peers/opened.ts';
import { closeProxies } from '../../peers/proxy.ts';
import { type Random, seeded } from '../../unit/core/random.ts';
import type { Kind } from './actor.ts';

const open = opened();
afterEach(closeServings);
afterEach(closeProxies);
afterEach(closeCounting);

const CLIENTS = 200;
const LIVES = 4;
const ALL: Kind[] = ['streamable', 'sse', 'modern'];

type Client = StreamableClient | SseClient | ModernClient;

async function serve(form: Form | 'local', flags: string[]): Promise<{ ledger: Ledger; serving: Serving }> {
  if (form === 'local') {
    const { command, ledger } = await open(startLocalCounting());
    return { ledger, serving: await startServing(undefined, [...flags, '--', ...command]) };
  }
  const { url, ledger } = await startCounting(form);
  return { ledger, serving: await startServing(url, flags) };
}

/** One of many clients, under the same name for all of its lives. */
class Visitor {
  readonly #origin: string;
  readonly #name: string;
  readonly #random: Random;
  #calls = 0;

  constructor(origin: string, name: string, random: Random) {
    this.#origin = origin;
    this.#name = name;
    this.#random = random;
  }

  async live(kinds: readonly Kind[]): Promise<void> {
    const kind = this.#random.pick(kinds);
    const client = kind === 'modern' ? new ModernClient(`${this.#origin}/mcp`) : await this.#open(kind);
    try {
      await this.#call(client);
      if (client instanceof StreamableClient) await this.#listen(client);
      const farewell = this.#random.pick(['in a call', 'as one should', 'without a word'] as const);
      if (farewell === 'in a call') await this.#leaveDuringCall(client);
      if (farewell === 'as one should' && client instanceof StreamableClient) await client.close();
      client.vanish();
      if (client instanceof StreamableClient && this.#random.chance(0.3)) await this.#comeBack(client);
    } finally {
      client.vanish();
    }
  }

  async #open(kind: Kind): Promise<Client> {
    if (kind === 'streamable') {
      const client = new StreamableClient(`${this.#origin}/mcp`);
      await client.initialize();
      return client;
    }
    const client = new SseClient(`${this.#origin}/sse`);
    await client.open();
    await client.initialize();
    return client;
  }

  /** A call is answered, with the answer to this call. */
  async #call(client: Client): Promise<void> {
    const nonce = `${this.#name}/${this.#calls++}`;
    const result = await client.request('tools/call', { name: 'echo', arguments: { nonce } });
    expect(result.content[0].text).toBe(nonce);
  }

  /** Several streams of one session, one after the other or at the same time. */
  async #listen(client: StreamableClient): Promise<void> {
    const streams = this.#random.int(4);
    if (this.#random.chance(0.5)) await Promise.all(Array.from({ length: streams }, () => client.listen()));
    else for (let n = 0; n < streams; n++) await client.listen();
    await this.#call(client);
  }

  async #leaveDuringCall(client: Client): Promise<void> {
    const nonce = `${this.#name}/${this.#calls++}`;
    const { answer } = client.begin('tools/call', { name: 'echo', arguments: { nonce, delay: this.#random.int(20) } });
    client.vanish();
    await answer.catch(() => {});
  }

  /** With the session of before, which may be there or not. */
  async #comeBack(before: StreamableClient): Promise<void> {
    const client = new StreamableClient(`${this.#origin}/mcp`);
    client.sessionId = before.sessionId;
    client.protocolVersion = before.protocolVersion;
    try {
      await client.listen();
      await this.#call(client);
      await client.listen();
    } catch (error) {
      expect((error as { status?: number }).status).toBe(404);
    } finally {
      client.vanish();
    }
  }
}

it.each<[Form | 'local', string[], Kind[], number]>([
  ['dual', [], ALL, 51],
  ['dual', ['--upstream-session', 'shared'], ALL, 52],
  ['sse', [], ALL, 53],
  ['modern', [], ALL, 54],
  ['local', ['--upstream-session', 'shared'], ALL, 55],
])('in front of a server of the form %s, with %j', { timeout: 240_000 }, async (form, flags, kinds, seed) => {
  const { ledger, serving } = await serve(form, flags);
  const visit = async (index: number): Promise<void> => {
    const random = seeded(seed * 1_000 + index);
    const visitor = new Visitor(serving.url, `client-${index}`, random);
    for (let life = 0; life < LIVES; life++) await visitor.live(kinds);
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => visit(index)));
  for (const [nonce, count] of ledger.executions) expect([nonce, count]).toEqual([nonce, 1]);
  expect(ledger.complaints).toEqual([]);
  const { stderr } = serving.proxy;
  expect(stderr).not.toMatch(/ error: |[Uu]nhandled|\n\s+at /);
  const last = new StreamableClient(`${serving.url}/mcp`);
  await last.initialize();
  await last.close();
  expect(await serving.stop()).toEqual({ code: 0, signal: null });
});
