// Runs one cell of the matrix: a client, the proxy in this process, and a server with the fault of the cell.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Environment } from '../../src/app/environment.ts';
import { startHttpProxy } from '../../src/app/http-proxy.ts';
import { openOnlyLocal } from '../../src/app/local-server.ts';
import { startStdioProxy } from '../../src/app/stdio-proxy.ts';
import {
  type Config,
  DEFAULTS,
  HTTP_SERVER_DEFAULTS,
  httpServer,
  LISTEN_DEFAULTS,
  type Server,
} from '../../src/config.ts';
import type { Spoken, VerdictMemory } from '../../src/core/ports.ts';
import type { RpcMessage } from '../peers/rpc.ts';
import { asksForToken, type Cell, type Expected, expected, faultOf, needsLimit } from './cells.ts';
import { type Client, HttpClient, StdioClient } from './client.ts';
import { LARGEST, WORDS } from './faults.ts';
import { credentialsOf, signInOf, visit } from './sign-in.ts';

/** Milliseconds for which a server may be silent in cells that must meet this limit. */
const SHORT = 10_000;
const LONG = 60_000;

/** A server with the fault of a cell. */
export interface CellServer {
  readonly config: Server;
  /** How often each call has run, by its text. */
  readonly runs: ReadonlyMap<string, number>;
  arm(): Promise<void> | void;
  lift(): Promise<void> | void;
  /** Lets time pass, for pauses after failures. */
  readonly pass?: () => void;
  /** Where tokens are asked for. Only where the cell is about that. */
  readonly tokenEndpoint?: string;
  /** Resolves when a token was asked for. */
  readonly tokenAsked?: () => Promise<unknown>;
  /** Rejects when the proxy has left something behind. */
  left(): Promise<unknown>;
  close(): Promise<void>;
}

export type StartServer = (cell: Cell, timeout: number) => Promise<CellServer>;

/** Runs a cell; rejects with all that is wrong. */
export async function runCell(cell: Cell, start: StartServer): Promise<void> {
  const server = await start(cell, needsLimit(cell) ? SHORT : LONG);
  const log: string[] = [];
  const proxy = await startProxy(cell, server, log).catch(async (error) => {
    await server.close();
    throw error;
  });
  const problems: string[] = [];
  try {
    await playOut(cell, server, proxy, (problem) => problems.push(problem));
    await proxy.close();
    problems.push(...proxy.client.unanswered().map((id) => `answers to request ${id}`));
    for (const [text, runs] of server.runs) if (runs > 1) problems.push(`the call ${text} ran ${runs} times`);
    await server.lift();
    await server.left();
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await proxy.close();
    await server.close();
  }
  if (problems.length > 0) throw new Error([...problems, 'log:', ...log.slice(-10)].join('\n'));
}

interface Started {
  readonly client: Client;
  /** What the user does in a browser, one promise for each page. */
  readonly visits: readonly Promise<void>[];
  close(): Promise<void>;
}

function memory(): VerdictMemory {
  const known = new Map<string, Spoken>();
  return {
    peek: ({ href }) => known.get(href),
    recall: async ({ href }) => known.get(href),
    remember: async ({ href }, spoken) => void known.set(href, spoken),
  };
}

async function startProxy(
  cell: Cell,
  { config: server, tokenEndpoint }: CellServer,
  lines: string[],
): Promise<Started> {
  const visits: Promise<void>[] = [];
  const put = (text: string, page?: string): void => {
    lines.push(text);
    // Without a browser, the user gets the address of the page.
    if (page !== undefined) visits.push(visit(page));
  };
  const log = { debug: put, info: put, warn: put, error: put };
  const environment: Environment = {
    env: { PATH: process.env.PATH },
    log,
    memory: memory(),
    credentials: await credentialsOf(cell, server, tokenEndpoint),
    version: '0.0.0',
    redact: String,
  };
  const config: Config = { ...DEFAULTS, logLevel: 'debug', servers: [server] };
  if (cell.front === 'stdio') {
    const client = new StdioClient(cell);
    const whole = { ...environment, streams: client.streams };
    const proxy = startStdioProxy(config, whole, server.kind === 'stdio' ? openOnlyLocal : undefined);
    return {
      client,
      visits,
      async close() {
        await client.close();
        await proxy.close('client-gone');
      },
    };
  }
  // Some cells move the clock, which must end no session.
  const listen = { ...LISTEN_DEFAULTS, host: '127.0.0.1', port: 0, sessionIdle: 2_147_483_647 };
  const proxy = await startHttpProxy({ ...config, listen }, environment);
  const client = new HttpClient(`${proxy.url}/mcp`, cell);
  return {
    client,
    visits,
    async close() {
      await client.close();
      await proxy.close('client-gone');
    },
  };
}

type Judge = (what: string, answer: RpcMessage, wanted: Expected) => void;

const HEALTHY: Expected = { kind: 'result' };

/** What the client does, and what must come of it. */
async function playOut(cell: Cell, server: CellServer, proxy: Started, wrong: (what: string) => void): Promise<void> {
  const { client } = proxy;
  const { phase } = cell;
  const judge: Judge = (what, answer, wanted) => {
    const problem = mismatch(answer, wanted);
    if (problem) wrong(`${what}: ${problem}; it was ${JSON.stringify(answer)}`);
  };
  if (asksForToken(cell)) return signIn(cell, server, proxy, judge);
  const opens = phase === 'first contact' || phase === 'initialize';
  const isStream = phase === 'GET stream' && cell.upstream === 'streamable';
  if (opens || isStream || phase === 'subscription') await server.arm();
  judge('the opening', await client.open(), opens ? expected(cell) : HEALTHY);
  if (opens) {
    await server.lift();
    judge('the opening after the fault', await client.open(), HEALTHY);
  } else if (phase === 'subscription' && cell.client === 'modern') {
    await subscribe(cell, server, client, judge);
  } else if (phase !== 'DELETE') {
    await meetFault(cell, server, client, judge);
  }
  // A program that has met the fault may end only now.
  if (expected(cell).kind === 'any') await callEcho(client, 'between');
  judge('the next call', await callEcho(client, 'last'), HEALTHY);
  if (phase === 'DELETE') await server.arm();
}

const callEcho = (client: Client, text: string): Promise<RpcMessage> =>
  client.ask('tools/call', { name: 'echo', arguments: { text } });

async function meetFault(cell: Cell, server: CellServer, client: Client, judge: Judge): Promise<void> {
  // Everything that an opening leaves to do is done when a call has been answered.
  await callEcho(client, 'before');
  await server.arm();
  const answer = await client.ask(cell.phase === 'list' ? 'tools/list' : 'tools/call', paramsOf(cell));
  judge('the request', answer, expected(cell));
  await server.lift();
}

async function subscribe(cell: Cell, server: CellServer, client: Client, judge: Judge): Promise<void> {
  const listen = client.ask('subscriptions/listen', { notifications: { toolsListChanged: true } });
  // A silent stream has no limit of its own: it is over when its client or the proxy leaves.
  if (/^(silence|garbage)$/.test(cell.fault) || faultOf(cell).harmless) listen.catch(() => {});
  else judge('the subscription', await listen, { kind: 'error' });
  await server.lift();
}

/** Milliseconds after which a sign-in should have recovered from a fault, however busy the machine is. */
const RECOVERY = 60_000;
/** Milliseconds between two looks. */
const LOOK = 100;

async function signIn(cell: Cell, server: CellServer, { client, visits }: Started, judge: Judge): Promise<void> {
  await server.arm();
  // A client may get a provisional answer while the sign-in is under way.
  let opening = await client.open();
  const answer = opening.result && (await callEcho(client, 'first'));
  // A call does not wait for the end of a sign-in in a browser.
  const isSlow = cell.phase === 'code exchange' && faultOf(cell).harmless;
  if (answer && !isSlow) judge('the call', answer, expected(cell));
  if (faultOf(cell).part !== 'connection') await server.tokenAsked?.();
  if (isSlow) await Promise.all(visits);
  let last: RpcMessage | undefined;
  await server.lift();
  const end = performance.now() + RECOVERY;
  for (let n = 0; !last?.result && performance.now() < end; n++) {
    if (n > 0) await new Promise((resolve) => setTimeout(resolve, LOOK));
    server.pass?.();
    await Promise.all(visits);
    if (!opening.result) opening = await client.open();
    if (opening.result) last = await callEcho(client, `last ${n}`);
  }
  judge('the next call', last ?? opening, HEALTHY);
}

function paramsOf({ phase }: Cell): object {
  const named = (name: string): object => ({ name, arguments: { text: 'first' } });
  if (phase === 'list') return {};
  if (phase === 'marked call') return named('marked');
  if (phase === 'progress') return { ...named('progress'), _meta: { progressToken: 'token' } };
  return named(phase === 'questions' ? 'ask' : 'echo');
}

/** Why an answer is not the one that is expected; undefined when it is. */
function mismatch({ result, error }: RpcMessage, wanted: Expected): string | undefined {
  if (wanted.kind === 'any') return undefined;
  if (wanted.kind === 'result') return result === undefined ? 'a result was expected' : undefined;
  if (error === undefined) return 'an error was expected';
  const { status, words, retryAfter } = wanted;
  if (status !== undefined && error.data?.httpStatus !== status) return `HTTP ${status} was expected`;
  if (words && !`${error.message} ${error.data?.body ?? ''}`.includes(WORDS)) return "the server's words were expected";
  if (retryAfter !== undefined && error.data?.retryAfter !== retryAfter)
    return `a pause of ${retryAfter} s was expected`;
  return undefined;
}

/**
 * The configuration of a server over HTTP.
 * @param ca the authority to trust, where anything is encrypted
 */
export function remote(
  url: URL,
  ca: string | undefined,
  cell: Cell,
  timeout: number,
): { config: Server; remove(): void } {
  const folder = ca !== undefined ? mkdtempSync(path.join(os.tmpdir(), 'mcp-proxy-faults-')) : undefined;
  const file = folder && path.join(folder, 'ca.pem');
  if (file && ca !== undefined) writeFileSync(file, ca);
  return {
    config: httpServer(url, {
      ...HTTP_SERVER_DEFAULTS,
      timeout,
      allowHttp: true,
      strategy: cell.upstream === 'sse' ? 'sse-only' : 'http-first',
      maxMessage: LARGEST,
      auth: signInOf(cell),
      tls: { ca: file, cert: undefined, key: undefined },
    }),
    remove: () => {
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
