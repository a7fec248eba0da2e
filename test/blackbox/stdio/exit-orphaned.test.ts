// The death of the parent ends the program in every phase and in front of every server, even while another process holds
// its stdin open. The tests run side by side, because most of their time is waiting.
import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { closeHostiles, startHostile } from '../../peers/hostile.ts';
import * as a from '../../peers/hostile-answers.ts';
import { DRAINED, lasting, SOON } from '../../peers/hostile-endings.ts';
import { LEGACY, MODERN_ERA } from '../../peers/hostile-eras.ts';
import { endpointEvent, startHostileSse } from '../../peers/hostile-sse.ts';
import { scripted } from '../../peers/local/scripted.ts';
import { opened } from '../../peers/opened.ts';
import { startUnderParent } from '../../peers/parent.ts';
import { privateHome } from '../../peers/proxy.ts';
import { configFile } from '../../peers/several/config-file.ts';

const open = opened(afterAll);
afterAll(closeHostiles);

const CALL = { name: 'echo', arguments: {} };
const INITIALIZE = LEGACY.line(0, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'c', version: '1' },
});
const OPENING = [INITIALIZE, '{"jsonrpc":"2.0","method":"notifications/initialized"}'];

interface Phase {
  readonly name: string;
  readonly limit: number;
  /** What the program is started with and reads; `reached` resolves in the phase, and `left` when nothing is left. */
  set(): Promise<{
    target: string | readonly string[];
    lines: readonly string[];
    reached: () => Promise<unknown>;
    left?: () => Promise<unknown>;
  }>;
}

const PHASES: Phase[] = [
  {
    name: 'the server does not answer initialize',
    limit: SOON,
    async set() {
      const server = await startHostile();
      server.on('initialize', a.never);
      return { target: server.url, lines: OPENING, reached: () => server.seen('initialize') };
    },
  },
  {
    name: 'the server does not answer the discover of a modern client',
    limit: SOON,
    async set() {
      const server = await startHostile();
      server.on('server/discover', a.never);
      const lines = [MODERN_ERA.line(0, 'server/discover')];
      return { target: server.url, lines, reached: () => server.seen('server/discover') };
    },
  },
  {
    // As after the end of stdin, calls have some seconds.
    name: 'a call is in flight',
    limit: DRAINED,
    async set() {
      const server = await startHostile();
      server.on('tools/call', a.never);
      const lines = [...OPENING, LEGACY.line(1, 'tools/call', CALL)];
      const left = async (): Promise<void> => expect(server.all('DELETE')).toHaveLength(1);
      return { target: server.url, lines, reached: () => server.seen('tools/call'), left };
    },
  },
  {
    name: 'the stream of HTTP+SSE is open',
    limit: SOON,
    async set() {
      const server = await startHostileSse();
      let closed = (): void => {};
      const left = new Promise<void>((resolve) => {
        closed = resolve;
      });
      server.begin = (stream, res) => {
        res.once('close', closed);
        stream.write(endpointEvent(`/message?session=${stream.number}`));
      };
      const target = [server.url, '--transport', 'sse-only'];
      return { target, lines: OPENING, reached: () => server.posted('notifications/initialized'), left: () => left };
    },
  },
  {
    name: 'the server of HTTP+SSE has not named its endpoint',
    limit: SOON,
    async set() {
      const server = await startHostileSse();
      let asked = (): void => {};
      const reached = new Promise<void>((resolve) => {
        asked = resolve;
      });
      server.begin = () => asked();
      return { target: [server.url, '--transport', 'sse-only'], lines: OPENING, reached: () => reached };
    },
  },
  {
    name: 'a local server that goes on after its stdin has ended is idle',
    limit: SOON,
    async set() {
      const server = await open(scripted({ stays: 'end', leaves: 'grandchild' }));
      const reached = (): Promise<unknown> => server.started(2);
      return { target: ['--', ...server.command], lines: OPENING, reached, left: () => server.allGone() };
    },
  },
  {
    name: 'a local server has not answered yet',
    limit: SOON,
    async set() {
      const server = await open(scripted({ silent: 'initialize', stays: 'end,term' }));
      const reached = (): Promise<unknown> => server.started(1);
      return { target: ['--', ...server.command], lines: OPENING, reached, left: () => server.allGone() };
    },
  },
  {
    name: 'a local server that ignores every request to end is idle',
    limit: SOON,
    async set() {
      const server = await open(scripted({ stays: 'end,term' }));
      const reached = (): Promise<unknown> => server.started(1);
      const lines = [...OPENING, LEGACY.line(1, 'tools/list')];
      return { target: ['--', ...server.command], lines, reached, left: () => server.allGone() };
    },
  },
  {
    name: 'the server does not answer the end of the session',
    limit: SOON,
    async set() {
      const server = await startHostile();
      server.on('DELETE', a.never);
      const left = async (): Promise<void> => expect(server.all('DELETE')).toHaveLength(1);
      return { target: server.url, lines: OPENING, reached: () => server.seen('notifications/initialized'), left };
    },
  },
  {
    name: 'several servers are joined',
    limit: SOON,
    async set() {
      const remote = await startHostile();
      const local = await open(scripted({ stays: 'end' }));
      const [command, ...args] = local.command as [string, ...string[]];
      const file = await open(configFile({ remote: { url: remote.url }, local: { command, args } }));
      const lines = [...OPENING, LEGACY.line(1, 'tools/list')];
      const reached = (): Promise<unknown> => Promise.all([remote.seen('tools/list'), local.started(1)]);
      return { target: ['--config', file.path], lines, reached, left: () => local.allGone() };
    },
  },
];

it.concurrent.each(PHASES)('while $name', async ({ limit, set }) => {
  const { target, lines, reached, left } = await set();
  const home = privateHome();
  const parent = await startUnderParent(target, { lines, home });
  try {
    await reached();
    expect(await lasting(() => parent.kill())).toBeLessThan(limit);
    await left?.();
  } finally {
    await parent.close();
    rmSync(home, { recursive: true, force: true });
  }
});
